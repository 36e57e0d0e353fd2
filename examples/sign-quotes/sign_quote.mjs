// Signs a quote: node sign_quote.mjs KEY.jwk CLAIMS.json
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [jwk, claims] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file)));
const key = createPrivateKey({ key: jwk, format: 'jwk' });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const input = `${encode({ alg: 'EdDSA', kid: jwk.kid })}.${encode(claims)}`;
console.log(`${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`);
