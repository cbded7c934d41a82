// Fails unless npm's `jsonwebtoken` and `jose` take every token in minted.json, which this project's tests write.
//
//     npm ci && node verify_with_node.mjs [FILE]
//
// Each must say of every token what verify_with_pyjwt.py says: HS256 and nothing else, with that secret and those
// claims alone. Whether `exp` and `iat` are timely is not asked, since the tests' clock stands still.

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import jsonwebtoken from 'jsonwebtoken';

// Node 18, which is Debian 12's, has no global of that name yet, and `jose` asks for it.
globalThis.crypto ??= webcrypto;
const { errors, jwtVerify } = await import('jose');

const file = process.argv[2] ?? new URL('minted.json', import.meta.url);

// What each makes of a token: its header and claims, or null when the signature is wrong.
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
      problems.push(`${library}, ${kind}: ${JSON.stringify(found)} is not what is beside the token`);
    }
    if (await verify(token, 'another-secret-of-sufficient-length-here')) {
      problems.push(`${library}, ${kind}: verifies with another secret`);
    }
    if (await verify(withOtherClaims(token), secret)) {
      problems.push(`${library}, ${kind}: verifies with other claims`);
    }
  }
}

// The libraries' objects need not have the prototype of those that JSON.parse makes.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

if (problems.length > 0 || tokens.length === 0) {
  console.error([...problems, `${problems.length} problems with ${tokens.length} tokens`].join('\n'));
  process.exit(1);
}
console.log(`${tokens.length} tokens verified by npm's ${Object.keys(libraries).join(' and ')}, on node ${process.version}`);
