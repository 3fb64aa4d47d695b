"""Brokers with TLS, a user and a password, for tests; their certificates are made in their folder."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Sequence

from brokers import Mosquitto, Nats, RabbitMq, Redis, Server, program
from certificates import Authority

PASSWORD = "s3cret of the broker"


class Secure(Server):
    """What they have in common. The certificate is for 127.0.0.1, and not for localhost."""

    user = "sealift"
    password = PASSWORD

    def start(self) -> None:
        if self.process is None:
            authority = Authority(self.folder)
            self.ca = authority.file
            self.certificate, self.key = authority.sign("broker", "broker", ["127.0.0.1"])
        super().start()

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))


class SecureNats(Secure, Nats):
    def command(self) -> Sequence[str]:
        tls = ["--tls", "--tlscert", str(self.certificate), "--tlskey", str(self.key)]
        return [*super().command(), *tls, "--user", self.user, "--pass", self.password]


class SecureRedis(Secure, Redis):
    user = ""  # the default one

    def command(self) -> Sequence[str]:
        config = self.folder / "redis.conf"
        config.write_text(
            f"port 0\ntls-port {self.port}\nbind 127.0.0.1\ndir {self.folder}\nappendonly yes\n"
            f"tls-cert-file {self.certificate}\ntls-key-file {self.key}\ntls-ca-cert-file {self.ca}\n"
            f'tls-auth-clients no\nrequirepass "{self.password}"\n'
        )
        return [program("redis-server"), str(config)]


class SecureMosquitto(Secure, Mosquitto):
    def command(self) -> Sequence[str]:
        command = super().command()
        passwords = self.folder / "passwords"
        subprocess.run([program("mosquitto_passwd"), "-b", "-c", passwords, self.user, self.password], check=True)
        config = self.folder / "mosquitto.conf"
        with_users = config.read_text().replace("allow_anonymous true", "allow_anonymous false")
        config.write_text(f"{with_users}password_file {passwords}\ncertfile {self.certificate}\nkeyfile {self.key}\n")
        return command


class SecureRabbitMq(Secure, RabbitMq):
    def command(self) -> Sequence[str]:
        command = super().command()
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{self.port}\n"
            f"ssl_options.certfile = {self.certificate}\nssl_options.keyfile = {self.key}\n"
            f"ssl_options.cacertfile = {self.ca}\nssl_options.verify = verify_none\n"
            f"default_user = {self.user}\ndefault_pass = {self.password}\n"
        )
        return command
