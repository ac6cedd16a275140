"""Examples for the description of the API; requests and answers belong together."""

from __future__ import annotations

from typing import Any

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
        ("GET", "/health"): {
            "status": "degraded",
            "stores": {
                "STORE_BLR_002": {"last_event_timestamp": "2026-03-03T14:22:10Z", "lag_minutes": 12.5}
            },
            "warnings": ["STALE_FEED STORE_BLR_002 CAM_ENTRY_01: no event for 12 minutes"],
            "ok": True,
            "threshold": 0.88,
            "margin": 0.02,
            "topk": 20,
            "device": "cpu",
            "model_loaded": False,
        },
        ("GET", "/livez"): {"status": "ok"},
        ("GET", "/readyz"): {"status": "ok", "database": "ok", "tables": "current"},
    }
