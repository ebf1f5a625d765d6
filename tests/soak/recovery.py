"""How long it takes after a kill until work goes on, and until the group is whole again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.db.models import Q
from django_q.models import OrmQ

from ascrecon.jobs import conf
from ascrecon.jobs.group import qcluster_pids
from ascrecon.jobs.models import Cluster, Job, JobEvent
from ascrecon.jobs.watchdog import AUXILIARIES
from tests.soak.victims import Blow, current

BEGAN_OR_ENDED = Q(text__startswith="Attempt") | Q(text__startswith="Done")


@dataclass
class Recovery:
    """After one blow, or several in a row of which the first is counted from. Seconds; None: not yet."""

    blows: list[Blow]
    began: float = field(default_factory=time.monotonic)
    event: int = field(default_factory=lambda: JobEvent.objects.order_by("-id").values_list("id", flat=True)[0])
    progress: float | None = None
    whole: float | None = None

    def add(self, blow: Blow) -> None:
        self.blows.append(blow)
        self.progress = self.whole = None

    def look(self) -> bool:
        """Notes what is reached by now; True once the group is whole again."""
        if self.progress is None and JobEvent.objects.filter(BEGAN_OR_ENDED, id__gt=self.event).exists():
            self.progress = time.monotonic() - self.began
        if self.progress is not None and self.whole is None and self._is_whole():
            self.whole = time.monotonic() - self.began
        return self.whole is not None

    def _is_whole(self) -> bool:
        cluster = current()
        return cluster is not None and self._answers(cluster) and self._is_complete(cluster) and self._runs_again()

    def _answers(self, cluster: Cluster) -> bool:
        """A ping that was sent after the blow went the whole way: the one after the next, if the group is the same."""
        last = self.blows[-1]
        wanted = last.pong + 2 if cluster.pk == last.cluster else 1
        return cluster.pong >= wanted and not OrmQ.objects.filter(pk=cluster.pong_row).exists()

    def _is_complete(self, cluster: Cluster) -> bool:
        return len(qcluster_pids(cluster.master_pid)) >= conf.WORKERS + AUXILIARIES

    def _runs_again(self) -> bool:
        """Every job that a blow found running has ended, has begun anew, or was not touched."""
        found = {job: attempt for blow in self.blows for job, attempt in blow.running.items()}
        jobs = Job.objects.filter(pk__in=found).select_related("cluster")
        return all(not job.is_unfinished or job.attempts > found[job.pk] or _works(job) for job in jobs)


def _works(job: Job) -> bool:
    return job.cluster is not None and job.worker_pid in qcluster_pids(job.cluster.master_pid)
