"""Addresses of inspection. Who may open which: park/access.py, by the names given here."""

from django.urls import path

from parkkeeper.inspection.views import acts, board, lists, papers, setup, things

urlpatterns = [
    path("grids", board.grid_board, name="grids"),
    path("grids/today", board.team_list, name="work_list"),
    path("visits", lists.visit_list, name="visits"),
    path("visits/<uuid:pk>", things.visit_page, name="visit"),
    path("visits/<uuid:pk>/notice", acts.visit_notice, name="visit_notice"),
    path("findings", lists.finding_list, name="findings"),
    path("findings/<uuid:pk>", things.finding_page, name="finding"),
    path("findings/<uuid:pk>/<slug:name>", acts.finding_act, name="finding_act"),
    path("findings/photos/<uuid:pk>", things.photo_file, name="finding_photo"),
    path("notices", lists.notice_list, name="notices"),
    path("notices/<int:pk>", things.notice_page, name="notice"),
    path("notices/<int:pk>/<slug:name>", acts.notice_act, name="notice_act"),
    path("notices/<int:pk>/papers/<slug:name>", papers.notice_paper, name="notice_paper"),
    path("stops/<int:pk>/papers/<slug:name>", papers.stop_paper, name="stop_paper"),
    path("verify/<slug:code>", papers.verify, name="verify"),
    path("stops", lists.stop_list, name="stop_works"),
    path("stops/<int:pk>", things.stop_page, name="stop_work"),
    path("stops/<int:pk>/<slug:name>", acts.stop_act, name="stop_act"),
    path("inspection", setup.setup_page, name="inspection_setup"),
    path("inspection/checklists/new", setup.checklist_new, name="checklist_new"),
    path("inspection/checklists/<int:pk>", setup.checklist_page, name="checklist"),
    path("inspection/authorisations/new", setup.authorisation_new, name="authorisation_new"),
]
