"""Certificates for tests, made by `openssl`: an authority of our own, and whom it vouches for."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """An authority in a folder of its own."""

    folder: Path
    name: str = "authority"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def found(self) -> Authority:
        """Makes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        key = str(self.folder / f"{self.name}.key")
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={self.name}", "-keyout", key, "-out", str(self.file),
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
        return self

    def vouch(self, whom: str, alternative: str) -> tuple[Path, Path]:
        """A certificate and its key for somebody whose `alternative` name is such as `IP:127.0.0.1`."""
        chain, key = self.folder / f"{whom}.pem", self.folder / f"{whom}.key"
        request, more = self.folder / f"{whom}.csr", self.folder / f"{whom}.ext"
        more.write_text(f"subjectAltName={alternative}\nbasicConstraints=CA:FALSE\n")
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={whom}",
            "-keyout", str(key), "-out", str(request))  # fmt: skip
        run("x509", "-req", "-in", str(request), "-CA", str(self.file), "-CAkey", str(self.folder / f"{self.name}.key"),
            "-CAcreateserial", "-days", "2", "-extfile", str(more), "-out", str(chain))  # fmt: skip
        return chain, key


def run(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
