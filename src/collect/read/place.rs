//! Where a trouble is, as far as names of parts tell it: cloud regions and countries.

use regex::Regex;
use std::sync::LazyLock;

/// Everywhere.
pub const GLOBAL: &str = "global";

/// Ids of regions as the large clouds write them: `us-east-1`, `europe-west4`.
static CLOUD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let areas = "us|eu|ap|sa|ca|me|af|il|mx|cn|us-gov|europe|asia|australia|northamerica|southamerica|africa|me";
    let sides = "(?:north|south)?(?:east|west)|north|south|central|gov-east|gov-west|iso-east";
    Regex::new(&format!(r"(?i)\b(?:{areas})-(?:{sides})-?\d\b")).ok()
});

/// Two capital letters in brackets, or after a dash at the end: `Authentication (US)`, `API - DE`.
static COUNTRY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\(([A-Z]{2})\)|[-–:] ([A-Z]{2})$").ok());

/// ISO 3166 codes in use.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA \
    CD CF CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD GE GH GM GN GQ \
    GR GT GW GY HK HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KZ LA LB LC LI LK LR LS LT \
    LU LV LY MA MC MD ME MG MH MK ML MM MN MO MR MT MU MV MW MX MY MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL \
    PR PS PT PW PY QA RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT \
    TV TW TZ UA UG US UY UZ VA VC VE VN VU WS XK YE ZA ZM ZW";

/// The cloud region or the country that `name` names.
pub fn of(name: &str) -> Option<String> {
    if let Some(found) = CLOUD.as_ref()?.find(name) {
        return Some(found.as_str().to_ascii_lowercase());
    }
    let found = COUNTRY.as_ref()?.captures(name)?;
    let code = found.get(1).or(found.get(2))?.as_str();
    let code = if code == "UK" { "GB" } else { code };
    COUNTRIES.split_whitespace().any(|c| c == code).then(|| code.to_string())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn regions_and_countries_are_read_out_of_names() {
        for (name, place) in [
            ("AWS us-east-1", Some("us-east-1")),
            ("Cloud Run (us-east4)", Some("us-east4")),
            ("Northern Virginia (us-east4)", Some("us-east4")),
            ("US-EAST-1", Some("us-east-1")),
            ("Authentication (US)", Some("US")),
            ("API - UK", Some("GB")),
            ("Authentication (EU)", None),
            ("Image delivery (CDN)", None),
            ("Sign-in", None),
        ] {
            assert_eq!(of(name).as_deref(), place, "{name}");
        }
    }
}
