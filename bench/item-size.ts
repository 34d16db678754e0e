/** How DynamoDB counts an item's bytes: names and values in UTF-8, numbers by their digits, 3 bytes and 1 per element for a list or map. */

const numberBytes = (n: number) => {
  const digits = String(Math.abs(n)).replace('.', '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + (n < 0 ? 2 : 1);
};

const valueBytes = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberBytes(value);
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return value.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  if (typeof value === 'object' && value !== null) return 3 + Object.keys(value).length + fieldBytes(value);
  return 1;
};

const fieldBytes = (fields: object) =>
  Object.entries(fields).reduce(
    (sum, [name, value]) => sum + (value === undefined ? 0 : Buffer.byteLength(name) + valueBytes(value)),
    0,
  );

export const itemBytes = (item: object | undefined) => (item ? fieldBytes(item) : 0);
