"""A plugin of pytest: takes the time of this process for the moment in AS_IF_AT, and goes on from there."""

import os
from datetime import datetime

import time_machine


def pytest_configure(config):
    moment = datetime.fromisoformat(os.environ["AS_IF_AT"])
    journey = time_machine.travel(moment, tick=True)
    journey.start()
    config.add_cleanup(journey.stop)
