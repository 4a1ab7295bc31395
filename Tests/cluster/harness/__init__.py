"""What the tests with real NATS servers share."""

from .engine import Engine, Node, free_ports
from .proxy import Proxy
from .tool import Tool

__all__ = ["Engine", "Node", "Proxy", "Tool", "free_ports"]
