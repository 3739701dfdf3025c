// A new target begins in the time zone of the desk that it is made at.

const field = document.querySelector("input[name=time_zone]");
if (field?.value === "UTC") {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
}
