"""What stands last on the screen: commands that work as they stand."""

from __future__ import annotations

from hier_rnn.commands.drawing.conclusion import print_conclusion
from hier_rnn.configuration.options import Configuration
from hier_rnn.storage.run_directory import RunDirectory


def test_the_next_commands_name_the_users_own_test_data(small_run, monkeypatch, capsys):
    def printed(test):
        configuration = Configuration.model_validate({"data": {"test": test}})
        monkeypatch.setattr(RunDirectory, "read_configuration", lambda run: configuration)
        print_conclusion(small_run, "hier-rnn train")
        return capsys.readouterr().out

    assert f"hier-rnn evaluate {small_run} --data my/test.tsv --report" in printed("my/test.tsv")
    assert "--data TEST.tsv --report" in printed("")
