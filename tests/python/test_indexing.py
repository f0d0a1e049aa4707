"""Indexing a folder."""

import json
import shutil
import unittest

import cairn
from support import VAULT, DatabaseTest


class IndexFolderTest(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.vault = self.folder / "vault"
        shutil.copytree(VAULT, self.vault)
        self.notes = self.collection()

    def test_a_folder_is_found_again(self):
        report = self.notes.index_folder(str(self.vault))
        self.assertGreater(report.added_count, 30)
        self.assertEqual(report.added_count, report.scanned_count - len(report.failed))
        self.assertEqual(len(self.notes), report.added_count)
        self.assertGreater(report.bytes, 0)
        hit = self.notes.search("sourdough starter")[0]
        self.assertEqual(hit.path, "cooking/sourdough-starter.md")
        self.assertEqual(json.loads(report.json)["added"], report.added_count)

    def test_only_what_changed_is_read_again(self):
        first = self.notes.index_folder(self.vault)
        (self.vault / "new.md").write_text("# Brand new\n\nNever seen before: zyzzyva.")
        (self.vault / "cooking" / "sourdough-starter.md").unlink()
        second = self.notes.index_folder(self.vault)
        self.assertEqual((second.added_count, second.deleted_count), (1, 1))
        self.assertEqual(second.unchanged_count, first.added_count - 1)
        self.assertEqual(self.notes.search("zyzzyva")[0].title, "Brand new")

    def test_files_left_out(self):
        (self.vault / "huge.md").write_text("word " * 1000)
        (self.vault / "draft.md").write_text("unfinished")
        report = self.notes.index_folder(self.vault, max_file_bytes=4000, ignore=["draft.*"])
        self.assertIn("huge.md", [problem.path for problem in report.skipped])
        self.assertTrue(all(problem.reason for problem in report.skipped))
        self.assertFalse(self.notes.search("unfinished", filter={"type": ""}).hits)
        self.assertNotIn("draft.md", [self.notes[id].path for id in self.notes])

    def test_roots_are_guarded(self):
        self.notes.index_folder(self.vault)
        other = self.folder / "other"
        other.mkdir()
        (other / "a.md").write_text("text")
        with self.assertRaises(cairn.FailedPreconditionError):
            self.notes.index_folder(other)
        report = self.notes.index_folder(other, force_root=True, allow_mass_delete=True)
        self.assertEqual((report.added_count, len(self.notes)), (1, 1))

    def test_mass_deletion_is_guarded(self):
        count = self.notes.index_folder(self.vault).added_count
        shutil.rmtree(self.vault)
        self.vault.mkdir()
        with self.assertRaises(cairn.FailedPreconditionError):
            self.notes.index_folder(self.vault)
        self.assertEqual(len(self.notes), count)
        report = self.notes.index_folder(self.vault, allow_mass_delete=True)
        self.assertEqual((report.deleted_count, len(self.notes)), (count, 0))

    def test_bad_arguments(self):
        with self.assertRaises(cairn.NotFoundError):
            self.notes.index_folder(self.folder / "nowhere")
        file = self.folder / "file"
        file.write_text("text")
        with self.assertRaises(cairn.InvalidArgumentError):
            self.notes.index_folder(file)
        for options in ({"max_file_bytes": -1}, {"chunk_max_tokens": 2**32}, {"ignore": "*.md"}):
            with self.assertRaises(cairn.InvalidArgumentError):
                self.notes.index_folder(self.vault, **options)

    def test_the_builtin_embedder_learns(self):
        notes = self.collection("learned", embedder="builtin")
        report = notes.index_folder(self.vault)
        self.db.wait_idle(60.0)
        stats = notes.stats()
        if report.chunk_count < stats.training_min_chunks:
            self.skipTest("the sample notes are too few to be learned from")
        self.assertGreater(stats.embedder_generation, 0)
        self.assertEqual(stats.vector_count, stats.chunk_count)
        self.assertEqual(notes.search("bread dough").mode, "hybrid")
        notes.train()
        self.assertGreater(notes.stats().embedder_generation, stats.embedder_generation)

    def test_training_what_does_not_learn(self):
        with self.assertRaises(cairn.FailedPreconditionError):
            self.notes.train()


if __name__ == "__main__":
    unittest.main()
