"""NLLB-200: translation between 200 languages, under a licence that forbids commercial use."""

from __future__ import annotations

from dub_assets.engines.many_languages.engine import TOKENISER, Family
from dub_assets.engines.models.remote import RemoteFile, RemoteModel

NAME = "nllb"
LICENCE = "CC-BY-NC-4.0"

_CODES = """
af:afr_Latn am:amh_Ethi ar:arb_Arab as:asm_Beng az:azj_Latn ba:bak_Cyrl be:bel_Cyrl bg:bul_Cyrl bm:bam_Latn bn:ben_Beng
bo:bod_Tibt bs:bos_Latn ca:cat_Latn cs:ces_Latn cy:cym_Latn da:dan_Latn de:deu_Latn dz:dzo_Tibt ee:ewe_Latn el:ell_Grek
en:eng_Latn eo:epo_Latn es:spa_Latn et:est_Latn eu:eus_Latn fa:pes_Arab fi:fin_Latn fj:fij_Latn fo:fao_Latn fr:fra_Latn
ga:gle_Latn gd:gla_Latn gl:glg_Latn gn:grn_Latn gu:guj_Gujr ha:hau_Latn he:heb_Hebr hi:hin_Deva hr:hrv_Latn ht:hat_Latn
hu:hun_Latn hy:hye_Armn id:ind_Latn ig:ibo_Latn is:isl_Latn it:ita_Latn ja:jpn_Jpan jv:jav_Latn ka:kat_Geor kg:kon_Latn
ki:kik_Latn kk:kaz_Cyrl km:khm_Khmr kn:kan_Knda ko:kor_Hang ks:kas_Arab ku:kmr_Latn ky:kir_Cyrl lb:ltz_Latn lg:lug_Latn
li:lim_Latn ln:lin_Latn lo:lao_Laoo lt:lit_Latn lv:lvs_Latn mg:plt_Latn mi:mri_Latn mk:mkd_Cyrl ml:mal_Mlym mn:khk_Cyrl
mr:mar_Deva ms:zsm_Latn mt:mlt_Latn my:mya_Mymr ne:npi_Deva nl:nld_Latn nn:nno_Latn no:nob_Latn ny:nya_Latn oc:oci_Latn
om:gaz_Latn or:ory_Orya pa:pan_Guru pl:pol_Latn ps:pbt_Arab pt:por_Latn rn:run_Latn ro:ron_Latn ru:rus_Cyrl rw:kin_Latn
sa:san_Deva sd:snd_Arab sg:sag_Latn si:sin_Sinh sk:slk_Latn sl:slv_Latn sm:smo_Latn sn:sna_Latn so:som_Latn sq:als_Latn
sr:srp_Cyrl ss:ssw_Latn st:sot_Latn su:sun_Latn sv:swe_Latn sw:swh_Latn ta:tam_Taml te:tel_Telu tg:tgk_Cyrl th:tha_Thai
ti:tir_Ethi tk:tuk_Latn tl:tgl_Latn tn:tsn_Latn tr:tur_Latn ts:tso_Latn tt:tat_Cyrl tw:twi_Latn ug:uig_Arab uk:ukr_Cyrl
ur:urd_Arab uz:uzn_Latn vi:vie_Latn wo:wol_Latn xh:xho_Latn yi:ydd_Hebr yo:yor_Latn zh:zho_Hans zu:zul_Latn
"""
CODES = dict(code.split(":") for code in _CODES.split())
"""FLORES-200 codes by ISO 639-1 code, in the most common script of the language."""

_SHARED = (
    RemoteFile(
        name="shared_vocabulary.txt",
        sha256="a132a83330f45514c2476eb81d1d69b3c41762264d16ce0a7ea982e5d6c728e5",
        size=2_568_098,
    ),
    RemoteFile(
        name=TOKENISER, sha256="14bb8dfb35c0ffdea7bc01e56cea38b9e3d5efcdcb9c251d6b40538e1aab555a", size=4_852_054
    ),
)


def _model(size: str, revision: str, memory_mib: int, config: RemoteFile, weights: RemoteFile) -> RemoteModel:
    return RemoteModel(
        name=f"nllb-200-distilled-{size}",
        home=f"JustFrederik/nllb-200-distilled-{size}-ct2-int8",
        revision=revision,
        files=(config, weights, *_SHARED),
        licence=LICENCE,
        commercial_use=False,
        memory_mib=memory_mib,
    )


MODELS = {
    "600M": _model(
        "600M",
        "302d78f00e6fdb50a1064059df7c392b735e9d05",
        1_000,
        RemoteFile(
            name="config.json",
            sha256="0c2f6fa2057c7264d052fb4a62ba3476eeae70487acddfa8e779a53a00cbf44c",
            size=159,
        ),
        RemoteFile(
            name="model.bin",
            sha256="ed1beaf75134de7505315a5223162f56acff397eff6b50638a500d3936fe707b",
            size=622_595_991,
        ),
    ),
    "1.3B": _model(
        "1.3B",
        "30c36268408177b0fce2bfcfa205d877accd327d",
        2_000,
        RemoteFile(name="config.json"),
        RemoteFile(
            name="model.bin",
            sha256="72d7533dc7a0e8f10f19a650d4e90faf9cbfa899db5411ad124bd5802bd91263",
            size=1_381_827_087,
        ),
    ),
}
"""Models by size, in 8 bits for CTranslate2. Memory is an estimate."""

FAMILY = Family(name=NAME, licence=LICENCE, codes=CODES, models=MODELS, size=lambda options: options.nllb)

ENTRY = FAMILY.entry("NLLB-200 in 8 bits through CTranslate2, by NLLB_MODEL; not for commercial use")
