// Fails unless npm's `jsonwebtoken` and `jose` accept every JWT in minted.json, which this project's tests write.
//
//     npm ci && node verify_with_node.mjs [FILE]
//
// The checks are those of verify_with_pyjwt.py. `exp` and `iat` are not compared with the time, since the tests' clock is fixed.

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import jsonwebtoken from 'jsonwebtoken';

// `jose` needs this global, which Node 18 lacks.
globalThis.crypto ??= webcrypto;
const { errors, jwtVerify } = await import('jose');

const file = process.argv[2] ?? new URL('minted.json', import.meta.url);

// Each returns header and claims, or null if the signature is wrong.
const libraries = {
  jsonwebtoken(token, secret) {
    try {
      const options = { algorithms: ['HS256'], complete: true, ignoreExpiration: true };
      const { header, payload } = jsonwebtoken.verify(token, secret, options);
      return { header, claims: payload };
    } catch (error) {
      if (error.message === 'invalid signature') return null;
      throw error;
    }
  },
  async jose(token, secret) {
    try {
      const options = { algorithms: ['HS256'], currentDate: new Date(0) };
      const { protectedHeader, payload } = await jwtVerify(token, new TextEncoder().encode(secret), options);
      return { header: protectedHeader, claims: payload };
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return null;
      throw error;
    }
  },
};

function withOtherClaims(token) {
  const [header, , signature] = token.split('.');
  return [header, Buffer.from('{"name":"Somebody Else"}').toString('base64url'), signature].join('.');
}

const tokens = JSON.parse(readFileSync(file, 'utf8'));
const problems = [];
for (const [library, verify] of Object.entries(libraries)) {
  for (const { kind, token, secret, header, claims } of tokens) {
    const found = await verify(token, secret);
    if (!isDeepStrictEqual(plain(found), { header, claims })) {
      problems.push(`${library}, ${kind}: ${JSON.stringify(found)} differs from the expected header and claims`);
    }
    if (await verify(token, 'another-secret-of-sufficient-length-here')) {
      problems.push(`${library}, ${kind}: verifies with another secret`);
    }
    if (await verify(withOtherClaims(token), secret)) {
      problems.push(`${library}, ${kind}: verifies with other claims`);
    }
  }
}

// The libraries' objects may have another prototype than those of JSON.parse.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

if (problems.length > 0 || tokens.length === 0) {
  console.error([...problems, `${problems.length} problems with ${tokens.length} tokens`].join('\n'));
  process.exit(1);
}
console.log(`${tokens.length} tokens verified by npm's ${Object.keys(libraries).join(' and ')}, on node ${process.version}`);
