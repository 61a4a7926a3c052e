"""What the holder has to know of the fleet: the keys, and how this host stands for each address."""

from collections.abc import Mapping
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from hwagent.config import Config
from hwagent.seal.keystore import load_keyring
from hwagent.vip.protocol import Secrets

from .ranking import Outlook, Ranking, Rankings, barred, loads

if TYPE_CHECKING:
    from .agent import Agent


class Delegate:
    """Speaks for one agent. ``problem`` is why its groups cannot speak, or empty."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._weights: Mapping[str, float] = {}
        self._rankings = Rankings()
        self._configured: Config | None = None
        self._secrets = Secrets()
        self.problem = ""

    def secrets(self) -> Secrets:
        """The keys: those that the fleet has now, or those on disk."""
        config = self._agent.config
        if config is not self._configured:
            self._configured, self._secrets = config, self._read(config)
        node = self._agent.gossip.node
        if node is None or not node.settings.keyring:
            return self._secrets
        keys = node.settings.keyring.texts()
        return Secrets(config.cluster.label, keys, config.cluster.encryption)

    def ranking(self, holders: Mapping[str, str], fit: bool) -> Ranking:
        """How this host stands; ``holders`` are the hosts that hold addresses now. Whether it is
        ``fit`` is known here before the fleet was told."""
        config, host = self._agent.config, self._agent.host
        fleet = self._agent.gossip.fleet()
        if fit:
            fleet = [{**m, "unfit": ""} if m["name"] == host else m for m in fleet]
        self._weights = loads(fleet, self._weights)
        pins = self._agent.core.decrees.pins(self._agent.clock.now())
        wanted = {address: pin.value for address, pin in pins.items()}
        calm = not self._agent.core.fleet.storm
        seen = Outlook(config, host, fleet, holders, self._weights, wanted, calm)
        return self._rankings.rank(seen)

    def unready(self) -> tuple[str, ...]:
        """IP addresses that this host would not take over now: their services are not ready, or it
        is a witness."""
        hindered = (str(ip_interface(a).ip) for a in self._agent.attending.hindrances())
        return (*hindered, *barred(self._agent.config, self._agent.host))

    def _read(self, config: Config) -> Secrets:
        cluster, self.problem = config.cluster, ""
        if not config.groups:
            return Secrets()
        try:
            kept = self._agent.options.places.state / "keyring.json"
            keys = load_keyring(cluster.key_file, kept).texts()
        except (OSError, ValueError) as e:
            self.problem = f"groups cannot speak: {e}"
            keys = ()
        return Secrets(cluster.label, keys, cluster.encryption)
