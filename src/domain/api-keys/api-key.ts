import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const head = 'plnx_live_';
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const checksumLength = 6;
const shape = /^plnx_live_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/;

const checksumOf = (body: string) => {
  let text = '';
  for (let rest = crc32(body); rest > 0; rest = Math.floor(rest / digits.length))
    text = digits[rest % digits.length] + text;
  return text.padStart(checksumLength, '0');
};

/** A new key: 256 random bits, and a checksum by which a mistyped or made-up one is known without a read. */
export const newApiKey = () => {
  const body = head + randomBytes(32).toString('base64url');
  return body + checksumOf(body);
};

export const isWellFormedKey = (key: string) =>
  shape.test(key) && key.endsWith(checksumOf(key.slice(0, -checksumLength)));

/** All that is kept of a key. 256 random bits need no slow hash. */
export const hashOfKey = (key: string) => createHash('sha256').update(key).digest('hex');

/** What a listing shows of a key (seed 004). */
export const prefixOfKey = (key: string) => key.slice(0, 14);
