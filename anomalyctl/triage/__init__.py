"""Episodes, and what operators do with them: counting, the transition table, actions, history, mending."""
