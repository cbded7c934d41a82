// JWTs of npm's `jsonwebtoken`, and `jsonwebtoken` and `jose` as verifiers of ours. Node finds the packages if a copy of this
// file is in target/npm, which tests/npm/install makes:
//
//     node target/npm/node.mjs make tests/golden
//     node target/npm/node.mjs verify tests/golden
//
// `make` adds a token to each case of made.json, which `pyjwt.py make` wrote before. Nothing is random and no clock is read, so each
// run writes the same file.
// `verify` fails unless both libraries accept every JWT in minted.json, which this project's tests write. The checks are those of
// pyjwt.py.

import { webcrypto } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import jsonwebtoken from 'jsonwebtoken';

// `jose` needs this global, which Node 18 lacks.
globalThis.crypto ??= webcrypto;
const { errors, jwtVerify } = await import('jose');

const [command, folder] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));

function make() {
  const cases = read('made.json');
  for (const { secret, kid, claims, tokens } of cases) {
    const header = { alg: 'HS256', typ: 'JWT', ...(kid && { kid }) };
    // Without `noTimestamp` the library adds `iat` from the clock; with it, the library drops a given one.
    const noTimestamp = !('iat' in claims);
    tokens.push(jsonwebtoken.sign(claims, secret, { algorithm: 'HS256', header, noTimestamp }));
  }

  // Zendesk's messaging sample leaves `iat` to the library.
  const { kind, secret, kid } = cases.find(({ kind }) => kind === 'messaging');
  const claims = { scope: 'user', external_id: 'demo-1', iat: 1767225600, exp: 1767225900 };
  const tokens = [jsonwebtoken.sign(claims, secret, { header: { kid } })];
  cases.push({ case: 'with the iat that libraries add', kind, secret, kid, claims, tokens });

  writeFileSync(`${folder}/made.json`, `${JSON.stringify(cases, null, 2)}\n`);
  console.log(`${cases.length} tokens added to made.json, by node ${process.version}`);
}

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

// The libraries' objects may have another prototype than those of JSON.parse.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

async function verify() {
  const tokens = read('minted.json');
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
  if (problems.length > 0 || tokens.length === 0) {
    console.error([...problems, `${problems.length} problems with ${tokens.length} tokens`].join('\n'));
    process.exit(1);
  }
  console.log(`${tokens.length} tokens verified by npm's ${Object.keys(libraries).join(' and ')}, on node ${process.version}`);
}

await { make, verify }[command]();
