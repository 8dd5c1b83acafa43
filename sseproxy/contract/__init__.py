"""Contracts: legal orders of events as patterns over their kinds."""

from sseproxy.contract.learn import Learned, Learner, learn
from sseproxy.contract.pattern import OTHER, Contract, ContractError, compile_contract
from sseproxy.contract.run import Run, Violation

__all__ = [
    "OTHER",
    "Contract",
    "ContractError",
    "Learned",
    "Learner",
    "Run",
    "Violation",
    "compile_contract",
    "learn",
]
