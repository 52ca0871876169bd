"""Measurements, each beside a peer in the same run: `make bench`. No part of the service, nor of its tests."""
