//! Settings as they were said, and as the directory knows them.

use onward_contract::directory::v1 as wire;
use onward_contract::directory::v1::setting_ref::Setting as Named;
use onward_domain::learner::Setting;
use onward_domain::numbers::{Kind, check};
use onward_domain::organisation::{OrganisationNumberKind, OrganisationRegistered};

/// A setting as the contract shows it.
pub fn shown(setting: &Setting, registered: Option<&OrganisationRegistered>) -> wire::Setting {
    let said = setting.name.clone().unwrap_or_default();
    wire::Setting {
        organisation_id: setting.organisation.map(|id| id.to_string()).unwrap_or_default(),
        name: registered.map_or(said, |registered| registered.name.clone()),
        as_said: as_said(setting, registered),
    }
}

/// How a setting was named. None for one of which nothing was said.
///
/// A fact keeps the number without its register: the directory tells it, else the number's shape.
pub fn as_said(
    setting: &Setting,
    registered: Option<&OrganisationRegistered>,
) -> Option<wire::SettingRef> {
    let named = match (&setting.number, &setting.organisation, &setting.name) {
        (Some(number), _, _) => {
            let known = registered.and_then(|registered| register_of(number, registered));
            of_number(number, known)
        }
        (None, Some(id), _) => Named::OrganisationId(id.to_string()),
        (None, None, Some(name)) => Named::Name(name.clone()),
        (None, None, None) => return None,
    };
    Some(wire::SettingRef { setting: Some(named) })
}

fn register_of(
    number: &str,
    registered: &OrganisationRegistered,
) -> Option<OrganisationNumberKind> {
    registered.numbers.iter().find(|held| held.value == number).map(|held| held.kind)
}

fn of_number(number: &str, known: Option<OrganisationNumberKind>) -> Named {
    let text = number.to_owned();
    match known {
        Some(OrganisationNumberKind::Urn) => Named::Urn(text),
        Some(OrganisationNumberKind::EyUrn) => Named::EyUrn(text),
        Some(OrganisationNumberKind::Laestab) => Named::Laestab(text),
        Some(OrganisationNumberKind::Ukprn) => Named::Ukprn(text),
        Some(OrganisationNumberKind::OdsCode) => Named::OdsCode(text),
        _ if number.contains('/') => Named::Laestab(text),
        _ if check(Kind::Urn, number).is_valid() => Named::Urn(text),
        _ if check(Kind::Ukprn, number).is_valid() => Named::Ukprn(text),
        _ if check(Kind::EyUrn, number).is_valid() => Named::EyUrn(text),
        _ => Named::OdsCode(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(number: &str) -> Option<Named> {
        let setting = Setting { number: Some(number.to_owned()), ..Setting::default() };
        as_said(&setting, None).and_then(|said| said.setting)
    }

    #[test]
    fn a_number_is_shown_under_its_register() {
        assert_eq!(numbered("100000"), Some(Named::Urn("100000".to_owned())));
        assert_eq!(numbered("302/2000"), Some(Named::Laestab("302/2000".to_owned())));
        assert_eq!(numbered("10007774"), Some(Named::Ukprn("10007774".to_owned())));
        assert_eq!(numbered("EY400123"), Some(Named::EyUrn("EY400123".to_owned())));
        assert_eq!(numbered("QWE"), Some(Named::OdsCode("QWE".to_owned())));
    }

    #[test]
    fn a_name_is_kept_as_it_was_said() {
        let setting = Setting { name: Some("Harbour".to_owned()), ..Setting::default() };
        let shown = shown(&setting, None);
        assert_eq!(shown.name, "Harbour");
        let said = shown.as_said.and_then(|said| said.setting);
        assert_eq!(said, Some(Named::Name("Harbour".to_owned())));
        assert_eq!(as_said(&Setting::default(), None), None);
    }
}
