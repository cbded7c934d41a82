"""The packages in a folder hold what they should: licences, a true bill of materials, and no path of the building machine.

    python3 tests/packages.py dist
"""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
import zlib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGES = pathlib.Path(sys.argv.pop(1))


def archives():
    """The files of each archive, also of those in an archive, by name."""
    found = {}
    for package in sorted(PACKAGES.glob("*gz")):
        with tarfile.open(package) as archive:
            found[package.name] = {entry.name.split("/", 1)[1]: archive.extractfile(entry).read() for entry in archive}
        for name, content in found[package.name].copy().items():
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    found[f"{package.name}/{name}"] = {entry: archive.read(entry) for entry in archive.namelist()}
    return found


def embedded_packages(binary):
    """The packages that cargo-auditable wrote into a binary, with those that only the build needs left out."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(binary)
        file.flush()
        section = subprocess.run(["objcopy", "--dump-section", ".dep-v0=/dev/stdout", file.name, "/dev/null"], check=True, capture_output=True).stdout
    packages = json.loads(zlib.decompress(section))["packages"]
    return {(package["name"], package["version"]) for package in packages if package.get("kind", "runtime") == "runtime"}


class Packages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.archives = archives()
        cls.binaries = {
            f"{archive}/{name}": content
            for archive, files in cls.archives.items() for name, content in files.items() if content.startswith(b"\x7fELF")
        }

    def test_the_sums_are_those_of_all_packages(self):
        sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in PACKAGES.iterdir() if path.name != "SHA256SUMS"}
        listed = dict(reversed(line.split("  ")) for line in (PACKAGES / "SHA256SUMS").read_text().splitlines())
        self.assertEqual(listed, sums)

    def test_every_archive_has_the_licences(self):
        for archive, files in self.archives.items():
            for licence in ("LICENSE-APACHE", "LICENSE-MIT"):
                self.assertEqual(files.get(licence), (ROOT / licence).read_bytes(), archive)

    def test_a_stack_has_a_zip_for_each_function_of_its_template(self):
        stacks = {archive: files for archive, files in self.archives.items() if "template.yaml" in files}
        self.assertTrue(stacks)
        for archive, files in stacks.items():
            template = files["template.yaml"].decode()
            zips = re.findall(r"CodeUri: (\S+)\n", template)
            self.assertEqual(sorted(zips), ["messaging-token.zip", "sdk-exchange.zip", "sso-redirect.zip"])
            self.assertEqual(template.count("Type: AWS::Serverless::Function\n"), len(zips))
            for name in zips:
                self.assertIn("bootstrap", self.archives[f"{archive}/{name}"])

    def test_template_module_and_binaries_are_for_the_architecture_of_the_package(self):
        # The field e_machine of ELF.
        machines = {"x86_64": 62, "arm64": 183}
        for name, content in self.binaries.items():
            [architecture] = [it for it in machines if f"-{it}.tar.gz" in name]
            self.assertEqual(int.from_bytes(content[18:20], "little"), machines[architecture], name)
        for archive, files in self.archives.items():
            if "template.yaml" in files:
                [architecture] = [it for it in machines if f"-{it}.tar.gz" in archive]
                self.assertIn(f"Default: {architecture}\n    AllowedValues: [{architecture}]\n", files["template.yaml"].decode())
                self.assertIn(f"""'Architecture="{architecture}"'""", files["samconfig.toml"].decode())
                module = files["terraform/main.tf"].decode()
                self.assertIn(f'  default     = "{architecture}"\n', module)
                self.assertIn(f'contains(["{architecture}"], var.architecture)', module)
                self.assertEqual(re.findall(r"path.module}/../([a-z-]+).zip", module)[::2], ["sdk-exchange", "messaging-token", "sso-redirect"])

    def test_no_binary_has_a_path_of_this_machine(self):
        self.assertTrue(self.binaries)
        paths = {str(pathlib.Path.home()), str(ROOT), tempfile.gettempdir(), os.environ.get("CARGO_HOME", "/root/.cargo")}
        for name, content in self.binaries.items():
            for path in paths:
                self.assertNotIn(f"{path}/".encode(), content, name)

    def test_the_bill_of_materials_is_valid_and_names_what_the_binary_links(self):
        validator = JsonStrictValidator(SchemaVersion.V1_5)
        for name, binary in self.binaries.items():
            bill = self.archives[re.match(r"[^/]+", name)[0]]["sbom.cdx.json"].decode()
            self.assertIsNone(validator.validate_str(bill), name)
            bill = json.loads(bill)
            listed = {(entry["name"], entry["version"]) for entry in [bill["metadata"]["component"], *bill["components"]]}
            # cargo-auditable also names packages for which only a feature of another workspace member asks.
            self.assertEqual(listed - embedded_packages(binary), set(), name)
            # The few that every binary links must be there, and what only the build runs must not.
            names = {package for package, _ in listed}
            self.assertTrue({"aws-lc-sys", "rustls", "tokio", "zendesk-jwt"} <= names, name)
            self.assertFalse({"proc-macro2", "ring", "serde_derive", "syn"} & names, name)

    def test_third_party_licences_name_every_package(self):
        for archive, files in self.archives.items():
            if "sbom.cdx.json" in files:
                notices = files["THIRD-PARTY-LICENSES"].decode()
                for entry in json.loads(files["sbom.cdx.json"])["components"]:
                    self.assertIn(f"\n{entry['name']} {entry['version']} (", f"\n{notices}")

    def test_the_tool_has_a_manual_page_for_each_command_and_completions(self):
        [files] = [files for files in self.archives.values() if "zendesk-jwt" in files][:1]
        self.assertTrue({f"completions/zendesk-jwt.{shell}" for shell in ("bash", "zsh", "fish")} <= files.keys())
        commands = re.findall(r"\nzendesk\\-jwt\\-([a-z]+)\(1\)", files["man/zendesk-jwt.1"].decode())
        self.assertTrue(len(commands) > 5, commands)
        for command in commands:
            if command != "help":
                self.assertIn(f"man/zendesk-jwt-{command}.1", files)

    def test_the_npm_package_has_the_files_that_npm_would_pack(self):
        [files] = [files for name, files in self.archives.items() if name.endswith(".tgz")]
        packed = subprocess.run(["npm", "pack", "--dry-run", "--json"], cwd=ROOT / "web", check=True, capture_output=True, text=True).stdout
        expected = {entry["path"] for entry in json.loads(packed)[0]["files"]}
        self.assertEqual(files.keys() - {"LICENSE-APACHE", "LICENSE-MIT"}, expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
