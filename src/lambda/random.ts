/** A number from 0 to 1 from the system's own generator. */
export const random = () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
