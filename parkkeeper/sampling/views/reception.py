"""The laboratory's word at its door, typed on a page: shared by the page of a tube and that of a box."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Refused
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.actions.boxes import receive_tubes
from parkkeeper.sampling.field import ReceiveTube
from parkkeeper.sampling.models import Laboratory, Reception, Tube
from parkkeeper.sampling.views.common import office_source


def receive(request: OfficeRequest, said: Mapping[Tube, str], *, box: UUID | None) -> int:
    """Take what the form says of each tube (a value of Reception.Condition; "" nothing); returns how many were said.

    Raises Refused when no laboratory was chosen.
    """
    told = {tube: word for tube, word in said.items() if word in Reception.Condition.values}
    if not told:
        return 0
    laboratory = Laboratory.objects.filter(code=request.POST.get("laboratory", "")).first()
    if laboratory is None:
        raise Refused(_("请选择是哪家检测机构签收的，再登记。"))
    operations = [
        ReceiveTube(new_id(), number, request.at, request.at, tube.code, word, laboratory.code, box)
        for number, (tube, word) in enumerate(told.items())
    ]
    receive_tubes(operations, office_source(request), by=request.person, at=request.at)
    return len(operations)
