"""Every address of the park. Each system brings its own; who may open which is in park/access.py."""

from django.urls import include, path

urlpatterns = [
    path("", include("parkkeeper.board.urls")),
    path("", include("parkkeeper.park.urls")),
    path("", include("parkkeeper.codes.urls")),
    path("", include("parkkeeper.sampling.urls")),
    path("", include("parkkeeper.inspection.urls")),
    path("phone/v1/", include("parkkeeper.sync.urls")),
    path("phones/", include("parkkeeper.sync.office_urls")),
]
handler400 = "parkkeeper.park.views.errors.bad_request"
handler403 = "parkkeeper.park.views.errors.forbidden"
handler404 = "parkkeeper.park.views.errors.not_found"
handler500 = "parkkeeper.park.views.errors.server_error"
