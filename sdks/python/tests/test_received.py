"""What the agent has taken is reported cumulatively, and at the end until it has arrived."""

from __future__ import annotations

import unittest

from agent_messenger.log.received import ReceivedReporter


class ReceivedTest(unittest.IsolatedAsyncioTestCase):
    async def test_at_the_end_what_is_due_is_handed_over_else_the_last_report(self) -> None:
        reports: list[tuple[str, int]] = []

        def emit(id: str, seq: int) -> bool:
            reports.append((id, seq))
            return True

        reporter = ReceivedReporter(emit)
        self.assertEqual(reporter.drain(), {})
        reporter.taken("cnv_1", 5)
        reporter.taken("cnv_2", 6)
        reporter.flush()
        self.assertEqual(reports, [("cnv_1", 5), ("cnv_2", 6)])
        # The answer to the last one tells of those before it, too.
        self.assertEqual(reporter.drain(), {"cnv_2": 6})
        reporter.taken("cnv_3", 7)
        reporter.flush()
        reporter.taken("cnv_1", 8)
        self.assertEqual(reporter.drain(), {"cnv_1": 8})
        self.assertEqual(reporter.drain(), {})
