"""The Merkle-attested log, the disposition tree, proofs and their offline verifier."""
