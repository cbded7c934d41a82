// Writes made-by-node.json: the cases of made-by-pyjwt.json, signed by npm's `jsonwebtoken`.
//
//     npm install jsonwebtoken && node make_with_node.mjs
//
// Nothing is random and no clock is read, so each run writes the same file.

import { readFileSync, writeFileSync } from 'node:fs';
import jwt from 'jsonwebtoken';

const here = (name) => new URL(name, import.meta.url);
const cases = JSON.parse(readFileSync(here('made-by-pyjwt.json'), 'utf8'));

const tokens = cases.map(({ case: name, kind, secret, kid, claims }) => {
  const header = { alg: 'HS256', typ: 'JWT', ...(kid && { kid }) };
  // Without `noTimestamp` the library adds `iat` from the clock; with it, the library drops a given one.
  const noTimestamp = !('iat' in claims);
  const token = jwt.sign(claims, secret, { algorithm: 'HS256', header, noTimestamp });
  return { case: name, kind, secret, kid, claims, token };
});

// Zendesk's messaging sample leaves `iat` to the library.
const { secret, kid } = cases.find(({ kind }) => kind === 'messaging');
const claims = { scope: 'user', external_id: 'demo-1', iat: 1767225600, exp: 1767225900 };
tokens.push({
  case: 'with the iat that libraries add',
  kind: 'messaging',
  secret,
  kid,
  claims,
  token: jwt.sign(claims, secret, { header: { kid } }),
});

writeFileSync(here('made-by-node.json'), `${JSON.stringify(tokens, null, 2)}\n`);
console.log(`${tokens.length} tokens in made-by-node.json, by node ${process.version}`);
