"""JWTs of PyJWT, and PyJWT as a verifier of ours. Needs `pip install pyjwt`.

    python3 pyjwt.py make
    python3 pyjwt.py verify

`make` writes made.json: cases of all three kinds, signed with demo secrets. Times and ids are fixed, so each run writes the same
file. node.mjs adds the same cases signed by another library.

`verify` fails unless PyJWT accepts every JWT in minted.json, a list of {kind, secret, kid, header, claims, token}. Each JWT must
verify as HS256, must not verify with another secret or other claims, and must have exactly the given header and claims.
`exp` and `iat` are not compared with the time, since the tests' clock is fixed.
"""

import base64
import json
import pathlib
import sys

import jwt

FOLDER = pathlib.Path(__file__).parent
SECRETS = {
    "sdk": "demo-sdk-shared-secret-not-for-production",
    "messaging": "demo-messaging-shared-secret-not-for-production",
    "sso": "demo-sso-shared-secret-not-for-production",
}
KID = "app_demo0000000000000000"
IAT = 1_767_225_600  # 2026-01-01T00:00:00Z
JTI = "0f8fad5bd9cb469fa16570867728950e"
REQUIRED = {"name": "Demo User", "email": "demo@example.com", "jti": JTI, "iat": IAT}
PROFILE = {
    "external_id": "demo-1",
    "locale_id": 8,
    "organization": "Demo Company",
    "phone": "+14155550100",
    "tags": ["demo", "größe"],
    "remote_photo_url": "https://example.com/demo.png",
    "user_fields": {"plan": "demo", "member_since": "2024-02-29", "seats": 3, "trial": False},
}
CASES = [
    ("required claims only", "sdk", REQUIRED),
    ("every claim", "sdk", {**REQUIRED, **PROFILE, "role": "user"}),
    ("a name beyond ASCII", "sdk", {**REQUIRED, "name": "Дема Ñandú 試す 🦉"}),
    ("null and empty claims", "sdk", {**REQUIRED, "phone": None, "organization": "", "tags": []}),
    ("required claims only", "messaging", {"scope": "user", "external_id": "demo-1"}),
    (
        "every claim",
        "messaging",
        {
            "scope": "user",
            "external_id": "demo-1",
            "exp": IAT + 300,
            "name": "Demo User",
            "email": "demo@example.com",
            "email_verified": True,
        },
    ),
    (
        "an unverified address and a name beyond ASCII",
        "messaging",
        {
            "scope": "user",
            "external_id": "demo-1",
            "exp": IAT + 300,
            "name": "Дема Ñandú 試す 🦉",
            "email": "demo@example.com",
            "email_verified": False,
        },
    ),
    (
        "null and empty claims",
        "messaging",
        {"scope": "user", "external_id": "demo-1", "exp": IAT + 300, "name": "", "email": None},
    ),
    ("required claims only", "sso", REQUIRED),
    ("every claim of an end user", "sso", {**REQUIRED, **PROFILE, "role": "end_user"}),
    ("an agent", "sso", {**REQUIRED, "role": "agent", "custom_role_id": 360001234567}),
    ("several organizations", "sso", {**REQUIRED, "organization_ids": "demo-a,demo-b", "organizations": "A,B"}),
    ("a name beyond ASCII", "sso", {**REQUIRED, "name": "Дема Ñandú 試す 🦉"}),
    (
        "null and empty claims",
        "sso",
        {**REQUIRED, "phone": None, "organization": "", "tags": [], "user_fields": {"plan": None}},
    ),
]
OPTIONS = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


def signed(case, kind, claims):
    kid = KID if kind == "messaging" else None
    token = jwt.encode(claims, SECRETS[kind], algorithm="HS256", headers={"kid": kid} if kid else None)
    return {"case": case, "kind": kind, "secret": SECRETS[kind], "kid": kid, "claims": claims, "tokens": [token]}


def make():
    cases = [signed(*case) for case in CASES]
    text = json.dumps(cases, ensure_ascii=False, indent=2) + "\n"
    (FOLDER / "made.json").write_text(text, encoding="utf-8")
    print(f"{len(cases)} tokens in made.json, by PyJWT {jwt.__version__}")


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


def verify():
    tokens = json.loads((FOLDER / "minted.json").read_text(encoding="utf-8"))
    failed = [(index, entry["kind"], found) for index, entry in enumerate(tokens) for found in problems(entry)]
    for index, kind, found in failed:
        print(f"minted.json[{index}] ({kind}): {found}", file=sys.stderr)
    if failed or not tokens:
        sys.exit(f"{len(failed)} problems in {len(tokens)} tokens of minted.json")
    print(f"{len(tokens)} tokens of minted.json verified by PyJWT {jwt.__version__}")


if __name__ == "__main__":
    {"make": make, "verify": verify}[sys.argv[1]]()
