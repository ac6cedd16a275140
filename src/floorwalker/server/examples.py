"""Examples for the description of the API; requests and answers belong together."""

from __future__ import annotations

from typing import Any

from floorwalker.server.answers_manifest import manifest_examples
from floorwalker.server.answers_matching import match_examples

WINDOW = {
    "from": "2026-03-02T18:30:00Z",
    "to": "2026-03-03T18:30:00Z",
    "day": "2026-03-03",
    "timezone": "Asia/Kolkata",
}
_FIGURES = {
    "store_id": "STORE_BLR_002",
    "as_of": "2026-03-03T14:22:10Z",
    "window": WINDOW,
    "basis": "door",
}


def event() -> dict[str, Any]:
    """The event of the contract, word for word."""
    return {
        "event_id": "550e8400-e29b-41d4-a716-446655440000",
        "store_id": "STORE_BLR_002",
        "camera_id": "CAM_ENTRY_01",
        "visitor_id": "VIS_c8a2f1",
        "event_type": "ENTRY",
        "timestamp": "2026-03-03T14:22:10Z",
        "zone_id": None,
        "dwell_ms": 0,
        "is_staff": False,
        "confidence": 0.95,
        "metadata": {"queue_depth": None, "sku_zone": None, "session_seq": 1},
    }


def stretch() -> dict[str, Any]:
    """A live camera's stretch, dark for a minute and a half."""
    return {
        "recording": {
            "store_id": "STORE_BLR_002",
            "camera_id": "CAM_ENTRY_01",
            "start_utc": "2026-03-03T04:30:00Z",
            "duration_s": 35_530.0,
            "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "gaps": [{"start_s": 7200.0, "end_s": 7290.0, "reason": "dark"}],
        },
        "run": {
            "code_version": "0.1.0",
            "detector": "motion 1 480x270 uncalibrated",
            "config_hash": "0123456789abcdef0123456789abcdef",
        },
        "resolutions": [
            {
                "subject": "VIS_c8a2f1",
                "attribute": "is_staff",
                "value": "true",
                "reason": "rule:staff-only-zone",
                "confidence": 0.8,
                "decided_utc": "2026-03-03T14:22:10Z",
            }
        ],
    }


def error(code: str, message: str) -> dict[str, Any]:
    """An error body."""
    return {"error": {"code": code, "message": message, "trace_id": "9f2c4b1e", "details": None}}


def store() -> dict[str, Any]:
    """A store of the list."""
    return {
        "store_id": "STORE_BLR_002",
        "name": "Brigade Road",
        "timezone": "Asia/Kolkata",
        "registered": True,
        "currency": "INR",
        "opening_hours": {"tue": {"opens": "10:00", "closes": "21:00"}},
        "days": ["2026-03-03"],
    }


def answers() -> dict[tuple[str, str], Any]:
    """An answer of each call that has a shape of its own, by method and path."""
    return {
        ("POST", "/events/ingest"): {
            "received": 2,
            "inserted": 1,
            "duplicates": 0,
            "errors": [
                {
                    "index": 1,
                    "event_id": "17",
                    "code": "event_id",
                    "message": "event_id: expected a UUID, got '17'",
                }
            ],
        },
        ("POST", "/recordings"): {
            "recording_id": "2c26b46b68ffc68ff99b453c1d304134",
            "run_id": "fcde2b2edba56bf408601fb721fe9b5c",
            "until": "2026-03-03T14:22:10Z",
            "resolutions": 1,
        },
        ("GET", "/stores"): [store()],
        ("GET", "/stores/{store_id}"): store(),
        ("GET", "/stores/{store_id}/metrics"): {
            **_FIGURES,
            "unique_visitors": 42,
            "conversion_rate": 0.31,
            "avg_dwell_ms": 61500,
            "queue_depth_current": 2,
            "abandonment_rate": 0.12,
            "zones": {"SKINCARE": {"avg_dwell_ms": 48200}},
            "staff_excluded": 3,
            "warnings": [],
        },
        ("GET", "/stores/{store_id}/funnel"): {
            **_FIGURES,
            "entry": 45,
            "zone_visit": 39,
            "billing_queue": 17,
            "purchased": 14,
            "drop_off_pct": {"entry": 0.0, "zone_visit": 13.3, "billing_queue": 56.4, "purchased": 17.6},
        },
        ("GET", "/stores/{store_id}/heatmap"): {
            "SKINCARE": {
                "frequency": 31,
                "avg_dwell_ms": 48200,
                "normalized": 100.0,
                "data_confidence": "high",
            }
        },
        ("GET", "/stores/{store_id}/traffic"): {
            **_FIGURES,
            "bucket_minutes": 15,
            "buckets": [
                {"from": "2026-03-03T14:15:00Z", "entries": 4, "exits": 2, "reentries": 1, "occupancy": 9}
            ],
        },
        ("GET", "/stores/{store_id}/anomalies"): [
            {
                "type": "BILLING_QUEUE_SPIKE",
                "severity": "WARN",
                "detected_at": "2026-03-03T14:10:00Z",
                "value": 6,
                "expected": 2,
                "suggested_action": "open another till",
            }
        ],
        ("GET", "/stores/{store_id}/layout"): {
            "store_id": "STORE_BLR_002",
            "name": "Brigade Road",
            "timezone": "Asia/Kolkata",
            "floor_plan": {"width_m": 10, "depth_m": 8, "image_url": None},
            "zones": [
                {
                    "zone_id": "SKINCARE",
                    "kind": "product",
                    "sku_zone": None,
                    "camera_id": "CAM_ENTRY_01",
                    "polygon_m": [[1.0, 7.0], [3.0, 7.0], [3.0, 5.0]],
                }
            ],
            "cameras": [
                {
                    "camera_id": "CAM_ENTRY_01",
                    "name": "Door",
                    "resolution": [1000, 800],
                    "entry_lines": 1,
                }
            ],
        },
        **_figures_of_days(),
        **_corrections(),
        **_webhooks(),
        **match_examples(),
        **manifest_examples(),
        ("GET", "/health"): {
            "status": "degraded",
            "stores": {
                "STORE_BLR_002": {"last_event_timestamp": "2026-03-03T14:22:10Z", "lag_minutes": 12.5}
            },
            "warnings": ["STALE_FEED STORE_BLR_002 CAM_ENTRY_01: no event for 12 minutes"],
            "ok": True,
            "threshold": 0.67,
            "margin": 0.02,
            "topk": 20,
            "device": "cpu",
            "model_loaded": False,
        },
        ("GET", "/livez"): {"status": "ok"},
        ("GET", "/readyz"): {"status": "ok", "database": "ok", "tables": "current"},
    }


def _figures_of_days() -> dict[tuple[str, str], Any]:
    bins = [{"from_s": 0, "to_s": 60, "count": 21}, {"from_s": 60, "to_s": None, "count": 10}]
    spread = {
        "n": 31,
        "mean_ms": 48200,
        "p50_ms": 41000,
        "p90_ms": 93000,
        "max_ms": 180000,
        "histogram": bins,
    }
    return {
        ("GET", "/stores/{store_id}/dwell"): {
            **_FIGURES,
            "stays": spread,
            "zones": {"SKINCARE": spread},
            "in_shop": spread,
        },
        ("GET", "/stores/{store_id}/purchases"): {
            **_FIGURES,
            "transactions": 1,
            "matched": 1,
            "visits_at_till": 17,
            "matches": [{"transaction_id": "T-1041", "visitor_id": "VIS_c8a2f1", "gap_s": 42.0}],
            "unmatched": [],
        },
        ("GET", "/stores/{store_id}/events"): {
            "store_id": "STORE_BLR_002",
            "events": [{**event(), "queue_depth": None}],
        },
        ("GET", "/stores/{store_id}/days"): {
            "store_id": "STORE_BLR_002",
            "timezone": "Asia/Kolkata",
            "from": "2026-02-02",
            "to": "2026-03-03",
            "days": [
                {
                    "day": "2026-03-03",
                    "swept": False,
                    "unique_visitors": 42,
                    "conversion_rate": 0.31,
                    "avg_dwell_ms": 61500,
                }
            ],
        },
        ("GET", "/catalogue"): {
            "answers": {"metrics": "/stores/{store_id}/metrics"},
            "sources": {"door": "cameras that watch a door: ENTRY, REENTRY and EXIT events"},
            "metrics": [
                {
                    "id": "metrics.unique_visitors",
                    "name": "Unique visitors",
                    "formula": "distinct visitors, not staff, with an ENTRY or REENTRY in the window",
                    "source": ["door"],
                    "unit": "visitors",
                    "filters": ["day", "from", "to"],
                }
            ],
        },
    }


def _corrections() -> dict[tuple[str, str], Any]:
    day = {"store_id": "STORE_BLR_002", "day": "2026-03-03", "timezone": "Asia/Kolkata"}
    said = {
        "correction_id": "37cf33c4-f413-4c5a-9ca8-2ed1fd523d7d",
        "made_at": "2026-03-03T15:00:00Z",
        "by": "asha",
        "note": "the cleaner",
        "statements": [{"type": "staff", "visitor": "VIS_c8a2f1", "value": True}],
        "undone_at": None,
        "undone_by": None,
        "key_name": "Asha",
        "undone_key_name": None,
    }
    before, after = {"unique_visitors": 42}, {"unique_visitors": 41}
    change = {"unique_visitors": {"before": 42, "after": 41}}
    made = {
        **day,
        "correction": said,
        "repeated": False,
        "figures": {"before": before, "after": after},
        "changed": change,
    }
    undone = {
        **made,
        "correction": {**said, "undone_at": "2026-03-03T15:05:00Z", "undone_by": "asha"},
        "figures": {"before": after, "after": before},
        "changed": {"unique_visitors": {"before": 41, "after": 42}},
    }
    cause = {"kind": "correction", "by": "asha", "note": "the cleaner", "count": 1}
    return {
        ("GET", "/stores/{store_id}/visitors"): {
            **day,
            "visitors": [
                {
                    "visitor_id": "VIS_c8a2f1",
                    "observed_ids": ["VIS_c8a2f1"],
                    "first_seen": "2026-03-03T14:22:10Z",
                    "last_seen": "2026-03-03T14:31:40Z",
                    "is_staff": False,
                }
            ],
        },
        ("GET", "/stores/{store_id}/corrections"): {**day, "corrections": [said]},
        ("POST", "/stores/{store_id}/corrections"): made,
        ("POST", "/stores/{store_id}/corrections/{correction_id}/undo"): undone,
        ("GET", "/stores/{store_id}/history"): {
            **day,
            "figures": after,
            "points": [{"at": "2026-03-03T15:00:00Z", "changed": change, "causes": [cause]}],
            "truncated": False,
        },
    }


def _webhooks() -> dict[tuple[str, str], Any]:
    hook = {
        "webhook_id": "0b8f7d9e-6f54-4f9a-9a53-3a1d2c0b7e41",
        "url": "https://example.org/floorwalker",
        "stores": None,
        "created_at": "2026-03-03T15:00:00Z",
    }
    which = {"webhook_id": hook["webhook_id"]}
    delivery = {
        "delivery_id": "5e2b1a60-9d6c-4f57-8a5e-0f3d2c1b7e41",
        "attempts": 1,
        "outcome": "200",
    }
    return {
        ("GET", "/webhooks"): [hook],
        ("POST", "/webhooks"): {**hook, "secret": "whsec_…"},
        ("DELETE", "/webhooks/{webhook_id}"): {**which, "removed": True},
        ("GET", "/webhooks/{webhook_id}/deliveries"): [delivery],
        ("POST", "/webhooks/{webhook_id}/test"): {**which, "delivered": True, "outcome": "200"},
    }
