"""The addresses of the pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from capturegraph.pages import accounts, board, field, files, home, joining, people, targets

urlpatterns = [
    path("", home.home, name="home"),
    path("join/<str:code>", joining.join, name="join"),
    path("field/", field.field, name="field"),
    path("login/", accounts.LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", accounts.password, name="password"),
    path("console/", targets.targets, name="console"),
    path("console/new/", targets.new_target, name="new-target"),
    path("console/targets/<uuid:target_id>/", board.board, name="board"),
    path("console/targets/<uuid:target_id>/live/", board.live, name="live"),
    path("console/targets/<uuid:target_id>/import/", files.upload, name="import"),
    path("console/targets/<uuid:target_id>/import/<uuid:batch_id>/", files.preview, name="preview"),
    path("console/targets/<uuid:target_id>/people/", people.people, name="people"),
    path("console/targets/<uuid:target_id>/invite/", people.invite, name="invite"),
]
