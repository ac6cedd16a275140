"""Where Floorwalker keeps its state and what it uses by default, with the origin of each value."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from floorwalker.errors import InputError, plain_reason

_PREFIX = "FLOORWALKER_"


def _days(default: int | None, title: str, what: str) -> int | None:
    text = f"Full days before today that `floorwalker sweep` leaves {what}; nothing: for ever."
    field: int | None = Field(default, title=title, description=text, ge=0, le=36_500)
    return field


def _matching(default: Any, variable: str, title: str, text: str, **more: Any) -> Any:
    """A setting of re-entry matching, which has a variable without prefix too: other services know it so."""
    names = AliasChoices(f"{_PREFIX}{variable}", variable)
    text = f"{text} {variable} without the prefix says the same."
    return Field(default, title=title, description=text, validation_alias=names, **more)


class Settings(BaseSettings):
    """Settings of one process: command line > environment (`FLOORWALKER_…`) > defaults."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", populate_by_name=True)

    home: Path = Field(
        Path("floorwalker-data"), title="State folder", description="Holds the database, models and clips."
    )
    database_url: str | None = Field(
        None,
        title="Database",
        description="SQLAlchemy URL of the operational store; default: floorwalker.db in the state folder.",
    )
    mart_url: str | None = Field(
        None,
        title="Mart",
        description="Where `floorwalker mart` keeps facts for BI: clickhouse://… or postgresql+psycopg://….",
    )
    shared: Path = Field(
        Path("../shared"),
        title="Real material",
        description="Folder of videos, networks and truth for tests.",
    )
    detector: str | None = Field(
        None,
        title="Detector",
        description="`motion`, a name from `floorwalker models list`, or the path of an ONNX file; "
        "default: a pulled network where there is one, else `motion`.",
    )
    host: str = Field("127.0.0.1", title="Address", description="Address that `floorwalker serve` binds.")
    port: int = Field(8642, title="Port", description="Port that `floorwalker serve` binds.", ge=0, le=65535)
    loopback_open: bool = Field(
        False,
        title="This machine without a key",
        description="Whether callers of the same machine need no key even where there are keys; never "
        "behind a proxy that does not pass the caller's address on.",
    )
    rate_per_s: float = Field(
        100.0,
        title="Rate",
        description="Requests a second of one key, or of one address that shows none.",
        gt=0,
    )
    rate_burst: int = Field(
        300, title="Burst", description="Requests that may come at once after a rest.", ge=1
    )
    requests_at_once: int = Field(
        400, title="At once", description="Requests at work at one time; further ones get 503.", ge=1
    )
    answer_s: float = Field(
        60.0, title="Patience", description="Seconds until an answer must begin, else 504.", gt=0
    )
    body_bytes: int = Field(
        8_000_000, title="Largest body", description="Bytes of one request, else 413.", ge=1024
    )
    shutdown_s: int = Field(
        20, title="Grace", description="Seconds that requests at work get when the server stops.", ge=0
    )
    webhooks_private: bool = Field(
        False,
        title="Webhooks in one's own network",
        description="Whether webhooks may lead to this machine and to private networks.",
    )
    reid_network: Path | None = Field(
        None,
        title="Re-ID network",
        description="ONNX network that makes vectors of people's crops for `floorwalker process --entries`.",
    )
    image_places: str = Field(
        "",
        title="Places of images",
        description="Folders, buckets (gs://bucket/crops) and addresses (https://host/crops) that images of "
        "people may be read from, with commas between; default: crops in the state folder.",
    )
    review_places: str = Field(
        "",
        title="Places of manifests",
        description="Folders and buckets (gs://bucket/manifests) that the review pages may open manifests "
        "from, with commas between; default: manifests in the state folder.",
    )
    image_bytes: int = Field(
        8_000_000, title="Largest image", description="Bytes of an image that is read.", ge=1024
    )
    image_pixels: int = Field(
        25_000_000, title="Most pixels", description="Pixels of an image that is decoded.", ge=1024
    )
    images_private: bool = Field(
        False,
        title="Images in one's own network",
        description="Whether addresses of images may lead to this machine and to private networks.",
    )
    keep_events_days: int | None = _days(None, "Keep events", "events and what is known of their visitors")
    keep_transactions_days: int | None = _days(None, "Keep transactions", "sales and returns")
    keep_recordings_days: int | None = _days(None, "Keep recordings", "records of recordings and runs")
    keep_anomalies_days: int | None = _days(None, "Keep anomalies", "anomalies that are over")
    keep_deliveries_days: int | None = _days(None, "Keep deliveries", "messages to webhooks that are done")
    keep_tracks_days: int | None = _days(3, "Keep tracks", "track files, which hold people's appearance")
    keep_embeddings_days: int | None = _days(
        3, "Keep vectors", "vectors, attributes and addresses of pictures of people at the door"
    )
    model_ckpt: Path | None = _matching(
        None,
        "MODEL_CKPT",
        "Encoder",
        "The trained encoder of entries, an .onnx file of `floorwalker reid export`; default: the mean.",
    )
    attr_schema: Path | None = _matching(
        None, "ATTR_SCHEMA", "Attributes", "JSON file of the attributes; default: the encoder's own."
    )
    threshold: float | None = _matching(
        None,
        "THRESHOLD",
        "Threshold",
        "Least cosine of a match; default: the calibration's, else the encoder's.",
        ge=-1,
        le=1,
    )
    margin: float | None = _matching(
        None,
        "MARGIN",
        "Margin",
        "Least lead of a match over the best other person; default as for the threshold.",
        ge=0,
        le=2,
    )
    topk: int = _matching(20, "TOPK", "Candidates", "Most persons that an answer names.", ge=1, le=1000)
    mongo_uri: str | None = _matching(
        None,
        "MONGO_URI",
        "MongoDB",
        "Keeps the entries there instead of in the database; needs the extra `mongo`.",
    )
    mongo_db: str = _matching("retail_reid", "MONGO_DB", "MongoDB's database", "Its name.", min_length=1)
    mongo_events_collection: str = _matching(
        "line-crossings",
        "MONGO_EVENTS_COLLECTION",
        "MongoDB's crossings",
        "The collection that `floorwalker reid payloads` reads.",
        min_length=1,
    )
    reid_calibration: Path | None = Field(
        None,
        title="Calibration",
        description="File of `floorwalker reid calibrate`; it gives threshold and margin.",
    )
    reid_rule: Literal["person", "entry"] = Field(
        "person",
        title="Rule",
        description="Whether a match leads over the best other person, or over the second best entry.",
    )
    reid_elsewhere_s: float = Field(
        2.0,
        title="Two places",
        description="Crossings at two cameras that the site file does not place are of two people where they "
        "are closer in time than so many seconds; 0: never.",
        ge=0,
        le=3600,
    )

    @classmethod
    def load(cls) -> Settings:
        """The settings that hold in this process.

        Raises:
            InputError: a variable holds something that its setting cannot be; the message names it.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            variable = next((one for one in cls.variables(name) if one in os.environ), cls.variables(name)[0])
            raise InputError(f"{variable}={first['input']!r}: {plain_reason(first['msg'])}") from error

    @property
    def resolved_database_url(self) -> str:
        """The database that holds: the one named, else SQLite in the state folder."""
        return self.database_url or f"sqlite:///{(self.home / 'floorwalker.db').absolute()}"

    @property
    def models_dir(self) -> Path:
        """Folder of the pulled networks."""
        return self.home / "models"

    @classmethod
    def variables(cls, name: str) -> tuple[str, ...]:
        """The variables of the environment that change a setting, the strongest first.

        Args:
            name: of the setting, or one of its variables.
        """
        for field, known in cls.model_fields.items():
            alias = known.validation_alias
            names = tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else ()
            if name == field or name in names:
                return names or (f"{_PREFIX}{field.upper()}",)
        return (name,)

    def origin(self, field: str) -> str:
        """Where a field's value comes from: `environment`, `command line` or `default`."""
        if any(variable in os.environ for variable in self.variables(field)):
            return "environment"
        return "command line" if field in self.model_fields_set else "default"
