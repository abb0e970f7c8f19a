"""What happened in July 2025 beside the eight dossiers of ``hamlet``: filings, petitions, reviews, their files."""

WHAT_HAPPENED = {
    "marts.dossiers": [
        {"dossier_code": "W1", "unit_code": "van_phong", "channel": 2, "status": 1, "is_counted": False,
         "received_on": None, "submitted_on": "2025-07-31", "submitted_at": "2025-07-31 16:50+07"},
        {"dossier_code": "W2", "unit_code": "van_phong", "channel": 2, "status": 1, "is_counted": False,
         "received_on": None, "submitted_on": "2025-07-01", "submitted_at": "2025-07-01 08:00+07"},
    ],
    # The files they came in, so that the sources know the whole of July.
    "ops.fetches": [
        {"fetch_id": 9001, "source": "petitions", "stream": "petitions__cases", "kind": "file", "state": "merged",
         "fetched_at": "2025-08-05 09:00+07"},
        {"fetch_id": 9002, "source": "register", "stream": "register__reviews", "kind": "file", "state": "merged",
         "fetched_at": "2025-08-05 09:00+07"},
        {"fetch_id": 9003, "source": "register", "stream": "register__apologies", "kind": "file", "state": "merged",
         "fetched_at": "2025-08-05 09:00+07"},
    ],
    "core.petitions": [
        {"petition_code": "P1", "replied_at": "2025-07-28 16:00+07", "published_at": "2025-07-30 09:00+07"},
        {"petition_code": "P2", "kind": "regulation", "sent_at": "2025-07-08 08:00+07"},
        {"petition_code": "P3", "unit_key": "văn phòng hđnd và ubnd", "sent_at": "2025-06-20 08:00+07",
         "refused_at": "2025-07-01 08:00+07"},
        {"petition_code": "P4", "unit_key": "không ai biết", "sent_at": "2025-07-15 08:00+07",
         "replied_at": "2025-07-31 08:00+07"},
        {"petition_code": "P5", "sent_at": "2025-06-20 08:00+07", "replied_at": "2025-06-30 16:00+07"},
    ],
    "core.reviews": [
        {"review_code": "R1", "reviewed_on": "2025-07-10", "proposal_kind": "amendment", "proposed_on": "2025-07-12",
         "answer": "accepted", "answered_on": "2025-07-25", "cost_cut_vnd": 12_000_000},
        {"review_code": "R2", "procedure_code": "1.000002", "due_on": "2025-07-20"},
        {"review_code": "R3", "procedure_code": "1.000002", "unit_code": "van_phong", "is_planned": False,
         "due_on": None, "reviewed_on": "2025-07-04", "proposal_kind": "repeal", "proposed_on": "2025-07-05",
         "answer": "rejected", "answered_on": "2025-07-30", "cost_cut_vnd": 5_000_000},
        {"review_code": "R4", "unit_code": "van_phong", "due_on": "2025-08-31", "reviewed_on": "2025-07-09",
         "proposal_kind": "amendment", "proposed_on": "2025-07-10", "answer": "partly_accepted",
         "answered_on": "2025-07-31"},
    ],
}  # fmt: skip
