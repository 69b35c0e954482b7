"""Lets a container be stopped while it starts. Python runs this first, in the image alone (PYTHONPATH).

The kernel throws a signal away that process 1 has no handler for. A service sets its handlers once all is
imported; told to stop in the seconds before, it would hear nothing, begin to consume, and be killed when the
grace is over.
"""

from __future__ import annotations

import os
import signal
import sys

if os.getpid() == 1:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
