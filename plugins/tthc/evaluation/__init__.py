"""Published revisions become proposals of points, levels and vetoes by the rule set in force; people decide.

``rules`` what a rule set says, ``rule_files`` reads and chooses them, ``rule_checks`` judges one as a whole;
``figures`` the published numbers, ``people`` who is judged and what was concluded; ``scoring`` lines and totals,
``vetoes`` caps of the level, ``sheets`` all of it for one unit or person, ``standing`` units beside units and quotas,
``emulation`` the preconditions of titles, ``telling`` sheets as data, two rule sets side by side; ``entered`` what
people give and exempt, ``process`` audit, window, approval and seal, ``sealed`` the versions that are kept;
``cases`` what every sheet is made of, ``packing`` one sheet with all it stands on, ``pack_members`` its form,
``pack_check`` and ``pack_links`` whether it holds, which ask nothing but the pack.
"""
