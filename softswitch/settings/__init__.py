"""The configuration: a folder of TOML files in, frozen and checked `Settings` out.

`load` either gives a whole configuration in which every name is there, every sound can be read and every value can be
used, or raises `ConfigurationErrors` with all that is wrong: file, line, key, what, and how to mend it. Nothing else in
the program reads the files. Inside, `toml_tree` finds the lines, `section` reads tables key by key, `machine`,
`people`, `queues`, `numbers`, `hours` and `shifts` know the keys of each kind, `destinations` and `sounds` look up what
is referred to, and `relations` sees the whole.

What it leaves out for now: kinds of tables and values that the format will have and the switch cannot do yet. They are
refused by name, because nothing that is accepted here may fail later on a call.
"""

from softswitch.settings.faults import ConfigurationError, ConfigurationErrors
from softswitch.settings.loading import Glimpse, glimpse, load
from softswitch.settings.model import (
    AcceptFrom,
    Api,
    HostName,
    Listen,
    ListenTransport,
    Media,
    NodeSettings,
    NumberForm,
    Phone,
    Settings,
    Sip,
    Trunk,
)
from softswitch.settings.shipped import shipped_folder
from softswitch.settings.sounds import SoundCatalogue

__all__ = [
    "AcceptFrom",
    "Api",
    "ConfigurationError",
    "ConfigurationErrors",
    "Glimpse",
    "HostName",
    "Listen",
    "ListenTransport",
    "Media",
    "NodeSettings",
    "NumberForm",
    "Phone",
    "Settings",
    "Sip",
    "SoundCatalogue",
    "Trunk",
    "glimpse",
    "load",
    "shipped_folder",
]
