"""Addresses of what a person has to settle."""

from django.urls import path

from parkkeeper.sampling.views import anomalies

urlpatterns = [
    path("anomalies", anomalies.anomalies, name="anomalies"),
    path("anomalies/<int:pk>", anomalies.anomaly, name="anomaly"),
    path("anomalies/<int:pk>/settle/<slug:how>", anomalies.anomaly_settle, name="anomaly_settle"),
    path("anomalies/<int:pk>/reopen", anomalies.anomaly_reopen, name="anomaly_reopen"),
]
