"""What the three tests in this folder share: child processes, events, HTTP and JWTs."""

import atexit
import html.parser
import json
import os
import pathlib
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request

import jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"

# The operator's tool, `zendesk-jwt`.
TOOL = ("cargo", "run", "--quiet", "--locked", "--package", "zendesk-jwt-cli", "--")

# From `zendesk-jwt local`: the token of a user who is valid for all three functions, and each shared secret.
USER_TOKEN = "BD2F35A7621"
FUNCTIONS = {
    "sdk-exchange": "SdkExchangeFunction",
    "messaging-token": "MessagingTokenFunction",
    "sso-redirect": "SsoRedirectFunction",
}
SHARED_SECRETS = {
    "sdk-exchange": "demo-sdk-shared-secret-not-for-production",
    "messaging-token": "demo-messaging-shared-secret-not-for-production",
    "sso-redirect": "demo-sso-shared-secret-not-for-production",
}


class Process:
    """A process in its own session, which ends when this program ends."""

    running = []

    def __init__(self, command, environment=None):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        # A program started in the background ignores Ctrl-C; its children must not.
        unignore = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
        self.child = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, start_new_session=True, preexec_fn=unignore,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
        )
        Process.running.append(self)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, is_ready, seconds):
        """Waits until `is_ready()`. Fails with the output if the process ends or takes longer."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"{self.child.args} did not get ready:\n{self.output()}")
            time.sleep(0.1)

    def stop(self, seconds=20):
        """Ends the process as Ctrl-C does, then by force. Returns the exit status."""
        for end in (signal.SIGINT, signal.SIGKILL):
            if self.child.poll() is None:
                os.killpg(self.child.pid, end)
                try:
                    self.child.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        return self.child.returncode


@atexit.register
def stop_all():
    for process in Process.running:
        process.stop()


def end_at_once(_signal, _frame):
    """On a time-out, ends at once and leaves no process behind."""
    stop_all()
    os._exit(1)


signal.signal(signal.SIGTERM, end_at_once)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run(*command, environment=None, given="", seconds=120, folder=ROOT):
    """Runs a command with this standard input. If the command fails, fails with its output."""
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=seconds)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def unpacked(name, packages, folder):
    """Unpacks the package with this name, which may hold wildcards, below `folder`."""
    [package] = pathlib.Path(ROOT / packages).glob(f"{name}.tar.gz")
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")
    return pathlib.Path(folder) / package.name.removesuffix(".tar.gz")


def containers():
    """The ids of SAM's containers on this machine."""
    return set(run("docker", "ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda").stdout.split())


def expected():
    """File, function and expected status of every event, from the table in events/README.md."""
    rows = [line.strip("|").split("|") for line in (EVENTS / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    return [(row[0].strip(" `"), row[1].strip(" `"), int(row[-1])) for row in rows]


class Answer:
    """An HTTP answer. Header names are lower case."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @classmethod
    def of_function(cls, response):
        """From what a function returns to API Gateway or to a load balancer."""
        several = {name: values[-1] for name, values in response.get("multiValueHeaders", {}).items()}
        headers = {name.lower(): value for name, value in {**several, **response.get("headers", {})}.items()}
        return cls(response["statusCode"], headers, response["body"])

    def json(self):
        return json.loads(self.body)

    def form(self):
        """The action and the fields of the page's form."""
        return _Form(self.body)

    def jwt(self):
        """The JWT from JSON or from the page's form."""
        if self.headers["content-type"].startswith("application/json"):
            return self.json()["jwt"]
        return self.form().fields["jwt"]


class _Form(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        if tag == "input":
            self.fields[attributes["name"]] = attributes["value"]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


# Without a proxy: these calls stay on this machine.
_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


def request(method, url, headers=None, body=None):
    """Sends one request and follows no redirect."""
    call = urllib.request.Request(url, body.encode() if body is not None else None, headers or {}, method=method)
    try:
        response = _OPENER.open(call, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        answered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, answered, response.read().decode())


def verified(token, secret):
    """The claims of a JWT. PyJWT refuses a JWT that is not signed with the secret."""
    return jwt.decode(token, secret, algorithms=["HS256"])
