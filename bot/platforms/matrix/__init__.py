"""Matrix, with encryption, on matrix-nio: a room's events in, notices, reactions and threads out."""
