"""HL7 v2 over MLLP: orders come in here. Knows router, and no other room."""
