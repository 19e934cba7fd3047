"""The register's nouns."""

from parkkeeper.park.models.accounts import Account, LogInAttempt
from parkkeeper.park.models.anomalies import Anomaly, Message
from parkkeeper.park.models.calendar import CalendarYear, Series
from parkkeeper.park.models.emergency import Emergency, Rule
from parkkeeper.park.models.files import StoredFile
from parkkeeper.park.models.imports import Import, ImportRow
from parkkeeper.park.models.journal import JournalEntry, JournalSeal
from parkkeeper.park.models.people import Certificate, Person, Post, Presence
from parkkeeper.park.models.places import AreaLevel, Enterprise, Grid, Road, Site
from parkkeeper.park.models.retention import DestructionOrder, Hold, RetentionTally

__all__ = [
    "Account",
    "Anomaly",
    "AreaLevel",
    "CalendarYear",
    "Certificate",
    "DestructionOrder",
    "Emergency",
    "Enterprise",
    "Grid",
    "Hold",
    "Import",
    "ImportRow",
    "JournalEntry",
    "JournalSeal",
    "LogInAttempt",
    "Message",
    "Person",
    "Post",
    "Presence",
    "RetentionTally",
    "Road",
    "Rule",
    "Series",
    "Site",
    "StoredFile",
]
