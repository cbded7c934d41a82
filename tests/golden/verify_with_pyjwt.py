"""Fails unless PyJWT accepts every JWT in minted.json, which this project's tests write.

    pip install pyjwt && python3 verify_with_pyjwt.py [FILE]

The file is a list of {kind, secret, kid, header, claims, token}. Each JWT must verify as HS256, must not verify with another
secret or other claims, and must have exactly the given header and claims. `exp` and `iat` are not compared with the time,
since the tests' clock is fixed.
"""

import base64
import json
import pathlib
import sys

import jwt

OPTIONS = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


def problems(entry):
    token, secret = entry["token"], entry["secret"]
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options=OPTIONS)
    except jwt.InvalidTokenError as error:
        return [f"refused: {error!r}"]
    found = []
    if claims != entry["claims"]:
        found.append(f"claims are {claims}, not {entry['claims']}")
    header = jwt.get_unverified_header(token)
    if header != entry["header"]:
        found.append(f"header is {header}, not {entry['header']}")
    if header.get("kid") != entry["kid"]:
        found.append(f"kid is {header.get('kid')}, not {entry['kid']}")
    another_secret = "another-secret-of-sufficient-length-here"
    for changed, forged, key in [("secrets", token, another_secret), ("claims", with_other_claims(token), secret)]:
        try:
            jwt.decode(forged, key, algorithms=["HS256"], options=OPTIONS)
            found.append(f"verifies with other {changed}")
        except jwt.InvalidSignatureError:
            pass
    return found


def with_other_claims(token):
    header, _, signature = token.split(".")
    claims = base64.urlsafe_b64encode(b'{"name":"Somebody Else"}').rstrip(b"=").decode()
    return f"{header}.{claims}.{signature}"


def main():
    file = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("minted.json")
    tokens = json.loads(file.read_text(encoding="utf-8"))
    failed = [(index, entry["kind"], found) for index, entry in enumerate(tokens) for found in problems(entry)]
    for index, kind, found in failed:
        print(f"{file.name}[{index}] ({kind}): {found}", file=sys.stderr)
    if failed or not tokens:
        sys.exit(f"{len(failed)} problems in {len(tokens)} tokens of {file.name}")
    print(f"{len(tokens)} tokens of {file.name} verified by PyJWT {jwt.__version__}")


if __name__ == "__main__":
    main()
