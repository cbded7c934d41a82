"""`sam deploy` of the built template to ministack: the stack is created, and its functions work.

The functions run from the uploaded zips with the stack's own table and secrets, before and after `zendesk-jwt secret put`. A second
stack uses the table of the first, and has a named configuration.

With PACKAGES=dist, stacks and tool come from the packages in that folder, on a machine without Rust, and have no monitoring.
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
SECOND_STACK = "zendesk-jwt-second"
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

    def deploy(self, stack, subdomain, parameters):
        # SAM removes the quotes around a value and the backslashes in it.
        overrides = " ".join(f"{name}={json.dumps(value)}" for name, value in {"ZendeskSubdomain": subdomain, **parameters}.items())
        deploy = ("sam", "deploy", "--stack-name", stack, "--no-confirm-changeset", "--no-progressbar")
        run(*deploy, "--parameter-overrides", overrides, environment=ENVIRONMENT, seconds=240)

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

    def deploy(self, stack, subdomain, parameters):
        settings = self.stack / "samconfig.toml"
        original = text = settings.read_text()
        for name, value in {**parameters, "Monitoring": "none"}.items():
            setting = f"'{name}={json.dumps(value)}',"
            text, count = re.subn(rf"""# '{name}=".*"',""", lambda _: setting, text)
            assert count == 1, f"{name} in {text}"
        settings.write_text(text)
        run("./deploy", subdomain, "--stack-name", stack, environment=ENVIRONMENT, seconds=240, folder=self.stack)
        settings.write_text(original)

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
    deploy(STACK, "acme", PARAMETERS)


def deploy(stack, subdomain, parameters):
    try:
        release.deploy(stack, subdomain, parameters)
    except AssertionError:
        print_failures(stack)
        raise


def print_failures(stack):
    """Prints why a resource was not created."""
    try:
        events = aws("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
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


def resources_of(stack):
    resources = aws("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {resource["LogicalResourceId"]: resource for resource in resources}


def outputs_of(stack):
    outputs = aws("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


class DeployedStack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.resources, cls.outputs = resources_of(STACK), outputs_of(STACK)

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

    def test_5_a_second_stack_signs_for_the_users_of_the_first_with_the_key_of_a_configuration(self):
        table = self.outputs["UserTokensTableName"]
        deploy(SECOND_STACK, "other", {"ExistingUserTokensTable": table, "Configurations": '{"ios":{}}'})
        self.resources = resources_of(SECOND_STACK)
        self.assertNotIn("UserTokensTable", self.resources)
        self.assertEqual(outputs_of(SECOND_STACK)["UserTokensTableName"], table)
        self.put_secret("SdkSigningKey", ["sdk", "--configuration", "ios", "--sdk"], shared_secret("ios"))
        answer = self.invoke_until_signed("sdk-exchange", "sdk-exchange-http-api-ios.json")
        self.assertEqual(verified(answer.jwt(), shared_secret("ios"))["email"], "demo@example.com")
        self.assertEqual(self.invoke("sdk-exchange", "sdk-exchange-http-api.json").status, 503)

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
