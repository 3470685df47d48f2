"""What everything else stands on: specs, digests, atomic files, journals, locks."""
