"""Forms of the office: one look (error summary first), refusals of verbs shown where the person typed."""

from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from html import escape
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.forms.renderers import DjangoTemplates
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Enterprise, Person, Site
from parkkeeper.park.search import enterprises_matching, people_matching
from parkkeeper.park.words import joined

SHOWN_CANDIDATES = 6


class OfficeRenderer(DjangoTemplates):
    """Draws forms with the templates of park/forms."""

    form_template_name = "park/forms/form.html"
    field_template_name = "park/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """A choice among thousands of enterprises is drawn by hand: with a template for each it takes a third of a
        second."""
        if template_name == forms.Select.template_name:
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    """The field as Django's own template draws it."""
    groups = []
    for title, options, _number in widget["optgroups"]:
        drawn = SafeString("".join(_option(option) for option in options))
        groups.append(format_html('<optgroup label="{}">{}</optgroup>', title, drawn) if title else drawn)
    attributes = flatatt({"name": widget["name"], **widget["attrs"]})
    return format_html("<select{}>{}</select>", attributes, SafeString("".join(groups)))


def _option(option: Mapping[str, Any]) -> str:
    attributes = flatatt(option["attrs"]) if option["attrs"] else ""
    return f'<option value="{escape(str(option["value"]))}"{attributes}>{escape(str(option["label"]))}</option>'


class OfficeForm(forms.Form):
    """Base of the office's forms: in a template simply {{ form }} between <form> and its buttons."""

    default_renderer = OfficeRenderer()
    use_required_attribute = False
    result: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        if "auto_id" not in kwargs:
            self.auto_id = "f_%s"

    def carry_out(self, act: Callable[[Mapping[str, Any]], Any]) -> bool:
        """When what was typed is valid, do `act` with it. A refusal becomes the form's error. The result: `.result`."""
        if not (self.is_bound and self.is_valid()):
            return False
        try:
            self.result = act(self.cleaned_data)
        except Refused as refusal:
            self.add_error(None, str(refusal))
            return False
        return True


class ChangingForm(OfficeForm):
    """A form over one thing that others may change meanwhile: what its reader never saw is not overwritten unasked.

    `shows` says what of the thing the fields begin with; the page carries a mark of it, which comes back with what was
    typed. `carry_out` compares while it holds the thing's row, so that of two posts at once only one passes.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, thing: Model, shows: Callable[[Any], Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, initial=dict(shows(thing)), **kwargs)
        self.thing, self.shows = thing, shows
        self._remember()

    def _remember(self) -> None:
        self.mark = sha256(repr(sorted((k, str(v)) for k, v in self.initial.items())).encode()).hexdigest()[:16]
        self.fields["seen"].initial = self.mark

    def carry_out(self, act: Callable[[Mapping[str, Any]], Any]) -> bool:
        """As of every form, with the thing locked and read anew: whoever comes second compares with what was written.

        Raises the model's DoesNotExist when the thing is gone.
        """
        if not self.is_bound:
            return False
        with transaction.atomic():
            now = type(self.thing)._base_manager.select_for_update().get(pk=self.thing.pk)
            self.initial = dict(self.shows(now))
            self._remember()
            return super().carry_out(act)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        seen = found.pop("seen", "")
        if seen and seen != self.mark:
            typed: Any = self.data
            self.data = typed = typed.copy()
            typed[self.add_prefix("seen")] = self.mark  # whoever sends the same again has read it
            raise ValidationError(
                _("在您打开此页之后，这里已被别人改过，现在是：%(now)s。您填写的内容还没有保存，核对后请再次提交。")
                % {"now": self._as_it_is()}
            )
        return found

    def _as_it_is(self) -> str:
        fields = [field for field in self.visible_fields() if field.name in self.initial]
        return joined((f"{f.label} {f.field.widget.format_value(self.initial[f.name]) or '–'}" for f in fields), "；")


def show_form(request: HttpRequest, form: forms.Form, template: str = "park/form.html", **context: Any) -> HttpResponse:
    """The page of a form: 422 when what was typed is wrong, so that nobody takes it for done.

    Context for park/form.html: title, crumbs [(label, href)], intro, submit (the button's words), back (an address).
    """
    wrong = form.is_bound and bool(form.errors)
    return render(request, template, {"form": form, **context}, status=422 if wrong else 200)


class DayInput(forms.DateInput):
    """A browser's own date field."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class MomentInput(forms.DateTimeInput):
    """A browser's own field of date and time, to the minute, in the park's time zone."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


def _in_our_time(value: date) -> None:
    """Days are counted on from what is typed: at the ends of the calendar that cannot be done."""
    if not 1900 <= value.year < 3000:
        raise ValidationError(_("请填写 1900 年到 2999 年之间的日期。"))


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A field of a local day."""
    return forms.DateField(label=label, widget=DayInput(), validators=[_in_our_time], **more)


def moment_field(label: Any, **more: Any) -> forms.DateTimeField:
    """A field of a moment; what is typed is the park's local time."""
    return forms.DateTimeField(
        label=label,
        widget=MomentInput(),
        validators=[_in_our_time],
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        **more,
    )


class _OneOf(forms.CharField):
    """A thing that is typed by name or code; several that fit are told, so that the person can say which."""

    none_fits = gettext_lazy("没有找到“%(text)s”。")
    several_fit = gettext_lazy("“%(text)s”对应多条记录：%(found)s。请改填其中一条的编号。")

    def candidates(self, text: str) -> list[Any]:
        """At most SHOWN_CANDIDATES + 1 things that `text` may mean."""
        raise NotImplementedError

    def name_of(self, thing: Any) -> str:
        """How a candidate is told."""
        return str(thing)

    def clean(self, value: Any) -> Any:
        text = tidy(super().clean(value) or "")
        if blank(text):
            return None
        found = self.candidates(text)
        if not found:
            raise ValidationError(str(self.none_fits) % {"text": text})
        if len(found) > 1:
            names = joined((self.name_of(thing) for thing in found[:SHOWN_CANDIDATES]), "；")
            raise ValidationError(str(self.several_fit) % {"text": text, "found": names})
        return found[0]


class PersonField(_OneOf):
    """A person by document, staff number, phone, or a name that only one has. Cleans to a Person or None."""

    none_fits = gettext_lazy("没有找到“%(text)s”。请填写证件号、工号、手机号或完整姓名；未登记的人员请先导入名册。")
    several_fit = gettext_lazy("“%(text)s”对应多人：%(found)s。请改填证件号，或填“工号 企业简称”。")

    def candidates(self, text: str) -> list[Any]:
        people = Person.objects.select_related("employer").order_by("pk")
        exact = people.filter(people_matching(text))
        if " " in text:
            first, last = text.rsplit(" ", 1)
            exact = exact | people.filter(people_matching(first), enterprises_matching(last, "employer__"))
        found = list(exact[: SHOWN_CANDIDATES + 1])
        same = [person for person in found if text in (person.name, person.staff_number)]
        return same if len(same) == 1 else found

    def name_of(self, thing: Any) -> str:
        return _("%(name)s（%(enterprise)s，工号 %(number)s）") % {
            "name": thing.name, "enterprise": thing.employer.short_name, "number": thing.staff_number or "–",
        }  # fmt: skip


class EnterpriseField(_OneOf):
    """An enterprise by its credit code, short name or name. Cleans to an Enterprise or None."""

    def candidates(self, text: str) -> list[Any]:
        exact = Enterprise.objects.filter(short_name=text)[:2]
        found = Enterprise.objects.filter(enterprises_matching(text)).order_by("pk")[: SHOWN_CANDIDATES + 1]
        return list(exact) if len(exact) == 1 else list(found)

    def name_of(self, thing: Any) -> str:
        return f"{thing.short_name} {thing.credit_code}"


class SiteField(_OneOf):
    """A site by its code or name. Cleans to a Site or None."""

    def candidates(self, text: str) -> list[Any]:
        exact = Site.objects.filter(code=text)[:2]
        return list(exact) or list(Site.objects.filter(name__contains=text).order_by("pk")[: SHOWN_CANDIDATES + 1])

    def name_of(self, thing: Any) -> str:
        return f"{thing.name} {thing.code}"
