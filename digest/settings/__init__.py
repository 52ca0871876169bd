"""Every knob of the service, read at the edges and passed inward as values. Connects to nothing.

`fields` has the settings, `loading` reads them, `servers` the values their URLs become, `production` what it refuses.
"""

from digest.settings.errors import BadSetting
from digest.settings.fields import Settings
from digest.settings.loading import load, load_or_exit
from digest.settings.production import DEVELOPMENT_KEY

__all__ = ["DEVELOPMENT_KEY", "BadSetting", "Settings", "load", "load_or_exit"]
