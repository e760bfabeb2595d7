import pytest

from dub_assets.core.chrf import chrf


def test_equal_texts_keep_everything_and_strangers_nothing():
    assert chrf("Boa noite.", "Boa noite.") == pytest.approx(100)
    assert chrf("xyz", "Boa noite.") == 0
    assert chrf("", "Boa noite.") == 0


def test_case_and_spaces_do_not_count():
    assert chrf("boa  noite.", "Boa noite.") == pytest.approx(100)


def test_a_word_dropped_costs_less_than_half_of_them():
    full = "Não sei o que ele quer, mas ele está esperando aqui desde ontem."
    assert 80 < chrf("Não sei o que quer, mas ele está esperando aqui desde ontem.", full) < 100
    assert chrf("Não sei o que ele quer.", full) < 50


def test_recall_weighs_more_than_precision():
    assert chrf("Boa noite, senhoras", "Boa noite") > chrf("Boa noite", "Boa noite, senhoras")


def test_the_value_is_that_of_the_formula():
    # "ab" against "abc": precision 1, recall 2/3 and 1/2 for orders 1 and 2; F2 = 5/7 and 5/9
    assert chrf("ab", "abc") == pytest.approx(100 * (5 * 2 / 3 / (4 + 2 / 3) + 5 * 0.5 / 4.5) / 2)
