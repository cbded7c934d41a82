"""`sam deploy` of the built template to ministack: the stack is created, and its functions work.

The functions run from the uploaded zips with the stack's own table and secrets, before and after `zendesk-jwt secret put`.

With PACKAGES=dist, stack and tool come from the packages in that folder, on a machine without Rust, and the stack has no
monitoring.
"""

import hashlib
import json
import os
import re
import sys
import tempfile
import time
import unittest

import boto3
import botocore.exceptions
import support
from support import Answer, FUNCTIONS, USER_TOKEN, run, verified

STACK = "zendesk-jwt"
PORT = support.free_port()
ENDPOINT = f"http://127.0.0.1:{PORT}"
REGION = "eu-west-1"
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": ENDPOINT, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "SAM_CLI_TELEMETRY": "0",
}
PARAMETERS = {"LoginUrl": "https://www.example.com/login", "AllowedOrigins": "https://www.example.com"}

# Per function: an event with the answer 200, the resource of the secret, and the arguments of `secret put`.
CASES = {
    "sdk-exchange": ("sdk-exchange-http-api.json", "SdkSigningKey", ["sdk", "--sdk"]),
    "messaging-token": ("messaging-token-http-api-bearer.json", "MessagingSigningKey", ["messaging", "--kid", "app_0123456789abcdef01234567", "--messaging"]),
    "sso-redirect": ("sso-redirect-http-api-login.json", "SsoSigningKey", ["sso", "--sso"]),
}


def shared_secret(function):
    """Different for each function, and as long as Zendesk's."""
    return hashlib.sha256(function.encode()).hexdigest()


def aws(service):
    return boto3.client(service, endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")


class Repository:
    """What `make build` built."""

    tool = support.TOOL

    def deploy(self):
        parameters = " ".join(f"{name}={value}" for name, value in {"ZendeskSubdomain": "acme", **PARAMETERS}.items())
        deploy = ("sam", "deploy", "--stack-name", STACK, "--no-confirm-changeset", "--no-progressbar")
        run(*deploy, "--parameter-overrides", parameters, environment=ENVIRONMENT, seconds=240)

    def environment(self):
        return run("make", "--silent", "environment", environment=ENVIRONMENT).stdout


class Packages:
    """Unpacked packages. No command finds cargo."""

    def __init__(self, packages, folder):
        self.stack = support.unpacked("zendesk-jwt-stack-*-x86_64", packages, folder)
        tool = support.unpacked("zendesk-jwt-[0-9]*-linux-x86_64", packages, folder)
        self.tool = (str(tool / "zendesk-jwt"),)
        folders = os.environ["PATH"].split(os.pathsep)
        ENVIRONMENT["PATH"] = os.pathsep.join(folder for folder in folders if not os.path.exists(f"{folder}/cargo"))

    def deploy(self):
        settings = self.stack / "samconfig.toml"
        text = settings.read_text()
        for name, value in {**PARAMETERS, "Monitoring": "none"}.items():
            text, count = re.subn(rf"""# '{name}=".*"',""", f"""'{name}="{value}"',""", text)
            assert count == 1, f"{name} in {text}"
        settings.write_text(text)
        run("./deploy", "acme", environment=ENVIRONMENT, seconds=240, folder=self.stack)

    def environment(self):
        return run("./environment", environment=ENVIRONMENT, folder=self.stack).stdout


def setUpModule():
    global release
    state = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(state.cleanup)
    packages = os.environ.get("PACKAGES")
    release = Packages(packages, state.name) if packages else Repository()
    # Functions inherit the environment of ministack, so it needs the address of AWS.
    settings = {**ENVIRONMENT, "GATEWAY_PORT": str(PORT), "BIND_HOST": "127.0.0.1", "STATE_DIR": state.name, "TMPDIR": state.name}
    ministack = support.Process([sys.executable, "tests/containers/ministack_with_more_types.py"], settings)
    unittest.addModuleCleanup(ministack.stop)
    ministack.wait_for(is_ready, 120)
    try:
        release.deploy()
    except AssertionError:
        print_failures()
        raise


def print_failures():
    """Prints why a resource was not created."""
    try:
        events = aws("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    except botocore.exceptions.ClientError:
        return
    for event in events:
        if event["ResourceStatus"].endswith("FAILED"):
            print(event["LogicalResourceId"], event["ResourceType"], event.get("ResourceStatusReason"), file=sys.stderr)


def is_ready():
    try:
        return support.request("GET", f"{ENDPOINT}/_ministack/health").status == 200
    except OSError:
        return False


class DeployedStack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.resources = {
            resource["LogicalResourceId"]: resource
            for resource in aws("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        }
        stack = aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        cls.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def test_1_every_resource_is_created(self):
        unfinished = {name: resource["ResourceStatus"] for name, resource in self.resources.items() if resource["ResourceStatus"] != "CREATE_COMPLETE"}
        self.assertEqual(unfinished, {})
        for name in ("HttpApi", "UserTokensTable", *FUNCTIONS.values(), *(secret for _, secret, _ in CASES.values())):
            self.assertIn(name, self.resources)

    def test_1_only_a_stack_with_monitoring_has_alarms(self):
        types = {resource["ResourceType"] for resource in self.resources.values()}
        expected = set() if isinstance(release, Packages) else {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::Logs::MetricFilter", "AWS::SNS::Topic"}
        self.assertEqual({name for name in types if name.startswith(("AWS::CloudWatch::", "AWS::SNS::")) or name == "AWS::Logs::MetricFilter"}, expected)

    def test_1_the_environment_for_the_tool_has_the_names_of_table_and_secrets(self):
        printed = release.environment().split()
        expected = {name: self.resources[resource]["PhysicalResourceId"] for name, resource in [
            ("USER_TOKENS_TABLE", "UserTokensTable"), ("SDK_SECRET_ID", "SdkSigningKey"),
            ("MESSAGING_SECRET_ID", "MessagingSigningKey"), ("SSO_SECRET_ID", "SsoSigningKey"),
        ]}
        exported = dict(line.split("=", 1) for line in printed if line != "export")
        self.assertEqual(exported, expected)

    def test_2_without_a_secret_a_function_answers_503_and_says_to_try_again(self):
        self.put_user()
        for function, (event, _, _) in CASES.items():
            with self.subTest(function):
                answer = self.invoke(function, event)
                self.assertEqual(answer.status, 503, answer.body)
                self.assertTrue(int(answer.headers["retry-after"]) > 0)

    def test_3_after_secret_put_it_signs_what_pyjwt_verifies(self):
        for function, (event, secret, kind) in CASES.items():
            with self.subTest(function):
                self.put_secret(secret, kind, shared_secret(function))
                answer = self.invoke_until_signed(function, event)
                self.assertEqual(verified(answer.jwt(), shared_secret(function))["email"], "demo@example.com")

    def test_4_a_user_token_that_is_not_in_the_table_is_refused(self):
        answer = self.invoke("sdk-exchange", "sdk-exchange-unknown-token.json")
        self.assertEqual(answer.status, 401, answer.body)

    def put_user(self):
        """Writes an item as docs/user-tokens.md says."""
        item = {"external_id": "demo-1", "name": "Demo User", "email": "demo@example.com", "email_verified": True}
        item["token_hash"] = hashlib.sha256(USER_TOKEN.encode()).hexdigest()
        table = boto3.resource("dynamodb", endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")
        table.Table(self.outputs["UserTokensTableName"]).put_item(Item=item)

    def put_secret(self, secret, kind, value):
        """Stores a shared secret with the operator's tool, as docs/signing-keys.md says."""
        secret_id = self.resources[secret]["PhysicalResourceId"]
        run(*release.tool, "secret", "put", *kind, secret_id, "--no-wait", environment=ENVIRONMENT, given=value)

    def invoke(self, function, event):
        name = self.resources[FUNCTIONS[function]]["PhysicalResourceId"]
        answer = aws("lambda").invoke(FunctionName=name, Payload=(support.EVENTS / event).read_bytes())
        payload = json.loads(answer["Payload"].read())
        self.assertNotIn("FunctionError", answer, payload)
        return Answer.of_function(payload)

    def invoke_until_signed(self, function, event):
        """A function without a key reads again within seconds."""
        deadline = time.monotonic() + 30
        while (answer := self.invoke(function, event)).status == 503 and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual(answer.status, 200, answer.body)
        return answer


if __name__ == "__main__":
    unittest.main(verbosity=2)
