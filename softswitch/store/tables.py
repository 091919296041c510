"""The tables of the embedded database. They hold projections only: all of it can be made again from the journal.

What is asked for by column has a column; the record itself is kept whole as JSON beside it, so that a record grows
without a migration. Statements are SQLAlchemy Core, the same for SQLite now and PostgreSQL later. While everything in
here is a projection, a database of another `SCHEMA_VERSION` is set aside and made again.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table

SCHEMA_VERSION: Final = 3

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

projection = Table(
    "projection",
    metadata,
    Column("name", String, primary_key=True),
    Column("segment", Integer, nullable=False),
    Column("offset", Integer, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("ended_at", Float, nullable=False),
    Column("record", String, nullable=False),
    Index("calls_by_end", "ended_at"),
)

queue_visits = Table(
    "queue_visits",
    metadata,
    Column("queue", String, primary_key=True),
    Column("call", String, primary_key=True),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", String, primary_key=True),
    Column("call", String, nullable=False),
    Column("agent", String),
    Column("queue", String),
    Column("started_at", Float, nullable=False),
    Column("seconds", Float),
    Column("path", String, nullable=False),
    Column("sha256", String),
    Column("failure", String),
    Index("recordings_by_start", "started_at"),
)
