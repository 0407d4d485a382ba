"""The audit: who did, saw, revealed, exported what, when, from where; a chain of hashes, and its checking. Pure.

Each row's hash is over the hash before it and the row itself (Schneier and Kelsey, «Secure audit logs», 1999; the
canonical text is JSON, as in RFC 8785's spirit). With a data key every hash carries a seal besides: an HMAC, that
nobody makes who has the database only. docs/audit.md says what each protects against.
"""

from services.audit.chain import chain, distrust
from services.audit.checking import check, verify
from services.audit.found import Break, ChainFault, Checked
from services.audit.records import ACTIONS, ALARMING, KEPT_DAYS, LONGEST_DETAIL, AuditRecord, Deed, Who, _link
from services.audit.signer import NO_SIGNER, Signer

__all__ = [
    "ACTIONS",
    "ALARMING",
    "KEPT_DAYS",
    "LONGEST_DETAIL",
    "NO_SIGNER",
    "AuditRecord",
    "Break",
    "ChainFault",
    "Checked",
    "Deed",
    "Signer",
    "Who",
    "_link",
    "chain",
    "check",
    "distrust",
    "verify",
]
