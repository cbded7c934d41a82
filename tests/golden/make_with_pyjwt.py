"""Writes made-by-pyjwt.json: tokens of all three kinds, signed by PyJWT with demo secrets.

    pip install pyjwt && python3 make_with_pyjwt.py

Times and ids are fixed, so each run writes the same file.
"""

import json
import pathlib

import jwt

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


def golden(case, kind, claims):
    kid = KID if kind == "messaging" else None
    token = jwt.encode(claims, SECRETS[kind], algorithm="HS256", headers={"kid": kid} if kid else None)
    return {"case": case, "kind": kind, "secret": SECRETS[kind], "kid": kid, "claims": claims, "token": token}


if __name__ == "__main__":
    file = pathlib.Path(__file__).with_name("made-by-pyjwt.json")
    tokens = [golden(*case) for case in CASES]
    file.write_text(json.dumps(tokens, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"{len(tokens)} tokens in {file.name}, by PyJWT {jwt.__version__}")
